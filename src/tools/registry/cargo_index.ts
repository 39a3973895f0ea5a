import { existsSync } from "node:fs";
import { join } from "node:path";
import { parse as parseToml } from "smol-toml";
import * as v from "valibot";
import { envValue } from "../../base/env.ts";
import { HaftError } from "../../base/errors.ts";
import { readTextFile } from "../../base/read_text_file.ts";
import { integrityOfSha256 } from "../integrity.ts";
import { defaultRegistry } from "./default_registries.ts";
import type { Documents } from "./metadata_client.ts";
import type { RegistryUser } from "./registry_types.ts";

/** What asking a registry of crates needs. */
export interface CargoContext {
  documents: Documents;
  user: RegistryUser;
  signal?: AbortSignal | undefined;
}

/** A version of a crate, as the index has it. */
export interface CrateVersion {
  version: string;
  integrity: string;
  yanked: boolean;
}

const IndexLine = v.object({
  vers: v.string(),
  cksum: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  yanked: v.optional(v.boolean(), false),
});
const IndexConfig = v.object({ dl: v.string(), api: v.optional(v.nullable(v.string())) });
const FoundCrates = v.array(v.object({
  name: v.string(),
  description: v.optional(v.nullable(v.string())),
}));
type FoundCrates = v.InferOutput<typeof FoundCrates>;

/** Where cargo keeps what it downloads and the user's settings. */
export function cargoHome({ env, home }: Pick<RegistryUser, "env" | "home">): string {
  return envValue(env, "CARGO_HOME") ?? join(home, ".cargo");
}

/**
 * Every version of a crate, in the index's order.
 * @returns undefined when the index does not have the crate
 */
export async function crateVersions(
  crate: string,
  context: CargoContext,
): Promise<CrateVersion[] | undefined> {
  const text = await getText(`${await indexOf(context.user)}${indexPath(crate)}`, context);
  return text?.split("\n").filter((line) => line.trim() !== "").flatMap((line) => {
    const { success, output } = v.safeParse(IndexLine, parsed(line));
    return success
      ? [{ version: output.vers, integrity: integrityOfSha256(output.cksum), yanked: output.yanked }]
      : [];
  });
}

/** The crates that the registry finds for a text, the best first. */
export async function searchCrates(text: string, context: CargoContext): Promise<FoundCrates> {
  const { api } = await indexConfig(await indexOf(context.user), context);
  if (typeof api !== "string") return [];
  return await context.documents.get({
    url: `${api.replace(/\/$/, "")}/api/v1/crates?q=${encodeURIComponent(text)}&per_page=20`,
    headers: {},
    accept: "application/json",
    immutable: false,
    schema: FoundCrates,
    parse: (json) => v.parse(v.object({ crates: FoundCrates }), json).crates,
    signal: context.signal,
  }) ?? [];
}

async function indexConfig(index: string, context: CargoContext): Promise<v.InferOutput<typeof IndexConfig>> {
  const config = v.safeParse(IndexConfig, parsed(await getText(`${index}config.json`, context) ?? ""));
  if (config.success) return config.output;
  throw new HaftError(`"${index}config.json" does not say where crates are downloaded`, {
    next: "Check the registry in cargo's config.toml",
  });
}

/** Where the file of a version is, by the index's own template. */
export async function crateAddress(
  { crate, version, integrity }: { crate: string; version: string; integrity: string },
  context: CargoContext,
): Promise<string> {
  const index = await indexOf(context.user);
  const { dl } = await indexConfig(index, context);
  const words: Readonly<Record<string, string>> = {
    crate,
    version,
    prefix: prefixOf(crate),
    lowerprefix: prefixOf(crate.toLowerCase()),
    "sha256-checksum": hexOf(integrity),
  };
  const filled = dl.replaceAll(/\{([a-z0-9-]+)\}/g, (whole, word: string) => words[word] ?? whole);
  return filled === dl ? `${dl}/${crate}/${version}/download` : filled;
}

/**
 * The sparse index of the user's registry, with `/` at its end: what cargo's settings put in place of the
 * public one, else the public one, which stands beside its registry.
 */
async function indexOf(user: RegistryUser): Promise<string> {
  const replaced = replacement(user);
  if (replaced === undefined) {
    const registry = new URL(await defaultRegistry("cargo"));
    return `${registry.protocol}//index.${registry.host}/`;
  }
  const [, url] = /^sparse\+(https?:\/\/.+)$/.exec(replaced) ?? [];
  if (url !== undefined) return url.endsWith("/") ? url : `${url}/`;
  throw new HaftError(`cargo's settings replace the registry by "${replaced}", which haft cannot ask`, {
    next: 'haft asks sparse indexes: registry = "sparse+https://…" in cargo\'s config.toml',
  });
}

/** What stands in place of the public registry, through any number of `replace-with`. */
function replacement(user: RegistryUser): string | undefined {
  const sources = cargoSettings(user);
  const setting = (name: string, key: string) => {
    const variable = `CARGO_SOURCE_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}_${
      key.toUpperCase().replaceAll("-", "_")
    }`;
    const value = envValue(user.env, variable) ?? tableIn(tableIn(sources["source"])[name])[key];
    return typeof value === "string" ? value : undefined;
  };
  const seen = new Set<string>();
  let name = "crates-io";
  for (let next = setting(name, "replace-with"); next !== undefined; next = setting(name, "replace-with")) {
    if (seen.has(next)) return undefined;
    seen.add(next);
    name = next;
  }
  if (name === "crates-io") return undefined;
  const named = tableIn(tableIn(sources["registries"])[name])["index"];
  return setting(name, "registry") ?? (typeof named === "string" ? named : undefined) ??
    setting(name, "local-registry") ?? setting(name, "directory") ?? name;
}

/** The user's own settings; a project's `.cargo/config.toml` has no say. */
function cargoSettings(user: RegistryUser): Record<string, unknown> {
  for (const name of ["config", "config.toml"]) {
    const path = join(cargoHome(user), name);
    if (!existsSync(path)) continue;
    try {
      return tableIn(parseToml(readTextFile(path)));
    } catch {
      // For cargo to complain about.
    }
  }
  return {};
}

function tableIn(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `se/rd/serde`; short names have folders of their own. */
function indexPath(crate: string): string {
  const name = crate.toLowerCase();
  return `${prefixOf(name)}/${name}`;
}

function prefixOf(crate: string): string {
  if (crate.length < 3) return String(crate.length);
  return crate.length === 3 ? `3/${crate.slice(0, 1)}` : `${crate.slice(0, 2)}/${crate.slice(2, 4)}`;
}

function hexOf(integrity: string): string {
  return [...atob(integrity.replace(/^sha256-/, ""))].map((char) =>
    char.charCodeAt(0).toString(16).padStart(2, "0")
  ).join("");
}

async function getText(url: string, { documents, signal }: CargoContext): Promise<string | undefined> {
  return await documents.get({
    url,
    headers: {},
    accept: "*/*",
    immutable: false,
    read: "text",
    schema: v.string(),
    parse: String,
    signal,
  });
}
