import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { envValue } from "../../base/env.ts";
import { HaftError } from "../../base/errors.ts";
import { defaultRegistry } from "./default_registries.ts";
import type { Documents } from "./metadata_client.ts";
import type { RegistryUser } from "./registry_types.ts";

/** What asking a Go module proxy needs. */
export interface GoProxyContext {
  documents: Documents;
  user: RegistryUser;
  signal?: AbortSignal | undefined;
}

/** The variables of the go command that say where modules come from, and how they are checked. */
const GO_VARIABLES = [
  "GOPROXY",
  "GOSUMDB",
  "GONOSUMDB",
  "GONOPROXY",
  "GOPRIVATE",
  "GOINSECURE",
  "GOVCS",
  "GOAUTH",
  "GOFLAGS",
] as const;

/** The user's own settings of these: the environment over what `go env -w` keeps. */
export function goSettings({ env, home, platform }: RegistryUser): Record<string, string> {
  const kept = readGoEnv(envValue(env, "GOENV") ?? join(configDirectory(env, home, platform), "go", "env"));
  return Object.fromEntries(
    GO_VARIABLES.flatMap((name) => {
      const value = envValue(env, name) ?? kept[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/**
 * The versions of a module that the proxy lists.
 * @returns undefined when the proxy does not have the module
 */
export async function moduleVersions(module: string, context: GoProxyContext): Promise<string[] | undefined> {
  const text = await getText(`${await proxyFor(context)}${escaped(module)}/@v/list`, context);
  const listed = text?.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  if (listed === undefined || listed.length > 0) return listed;
  // A module without tags: what its latest commit is called.
  const latest = await latestVersion(module, context);
  return latest === undefined ? undefined : [latest];
}

/**
 * The version that a module has for what `go install` takes behind the `@`: a version that the proxy does not
 * list, a branch, a commit.
 * @returns undefined when the proxy has none
 */
export async function queriedVersion(
  module: string,
  query: string,
  context: GoProxyContext,
): Promise<string | undefined> {
  return versionIn(
    await getText(`${await proxyFor(context)}${escaped(module)}/@v/${escaped(query)}.info`, context),
  );
}

async function latestVersion(module: string, context: GoProxyContext): Promise<string | undefined> {
  return versionIn(await getText(`${await proxyFor(context)}${escaped(module)}/@latest`, context));
}

function versionIn(text: string | undefined): string | undefined {
  const parsed = text === undefined
    ? undefined
    : v.safeParse(v.pipe(v.string(), v.parseJson(), v.object({ Version: v.string() })), text);
  return parsed?.success === true ? parsed.output.Version : undefined;
}

/** The module that a package belongs to: the longest of its paths that the proxy knows. */
export async function moduleOf(
  path: string,
  context: GoProxyContext,
): Promise<{ module: string; versions: string[] } | undefined> {
  const parts = path.split("/");
  for (let length = parts.length; length > 0; length--) {
    const module = parts.slice(0, length).join("/");
    if (!module.includes(".")) return undefined;
    const versions = await moduleVersions(module, context);
    if (versions !== undefined) return { module, versions };
  }
  return undefined;
}

/**
 * The hash of a module's zip (`h1:…`), as the checksum database has it.
 * @returns undefined when the database does not know the version
 */
export async function moduleHash(
  module: string,
  version: string,
  context: GoProxyContext,
): Promise<string | undefined> {
  const settings = goSettings(context.user);
  const proxy = new URL(await proxyFor(context));
  const name = settings["GOSUMDB"]?.split(/[+ ]/)[0] ?? databaseOf(new URL(await defaultRegistry("golang")));
  if (name === "off") {
    throw new HaftError("Go modules cannot be verified: GOSUMDB is off", {
      next: "Unset GOSUMDB, or name a checksum database in it",
    });
  }
  const path = `lookup/${escaped(module)}@${version}`;
  // A proxy may stand for the database (`supported`); its word that a version is unknown is then final.
  const stands = await getText(`${proxy.href}sumdb/${name}/supported`, context) !== undefined;
  const text = await getText(
    stands ? `${proxy.href}sumdb/${name}/${path}` : `https://${name}/${path}`,
    context,
  );
  const line = text?.split("\n").find((candidate) => candidate.startsWith(`${module} ${version} h1:`));
  return line?.split(" ")[2]?.trim();
}

/** Where a module's zip is. */
export async function moduleZip(module: string, version: string, context: GoProxyContext): Promise<string> {
  return `${await proxyFor(context)}${escaped(module)}/@v/${escaped(version)}.zip`;
}

/** The public proxy's checksum database is its neighbour. */
function databaseOf(proxy: URL): string {
  return proxy.host.replace(/^[^.]+/, "sum");
}

/** The first proxy of GOPROXY, with `/` at its end. */
async function proxyFor({ user }: GoProxyContext): Promise<string> {
  const setting = goSettings(user)["GOPROXY"];
  const first = setting?.split(/[,|]/).map((one) => one.trim()).find((one) => /^https?:\/\//.test(one));
  const url = first ?? (setting === undefined ? await defaultRegistry("golang") : undefined);
  if (url !== undefined) return url.endsWith("/") ? url : `${url}/`;
  // A proxy without a scheme may begin with a password.
  const shown = setting?.replaceAll(/[^,|/]*@/g, "…@");
  throw new HaftError(`GOPROXY is "${shown}", which names no module proxy`, {
    next: "Name one in GOPROXY, or unset it",
  });
}

async function getText(url: string, { documents, signal }: GoProxyContext): Promise<string | undefined> {
  return await documents.get({
    url,
    headers: {},
    accept: "*/*",
    immutable: url.includes("/lookup/"),
    read: "text",
    schema: v.string(),
    parse: String,
    signal,
  });
}

/** Proxies stand on file systems that ignore case: a capital letter is written `!` and its small one. */
function escaped(path: string): string {
  return path.replaceAll(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`);
}

function configDirectory(env: RegistryUser["env"], home: string, platform: string): string {
  if (platform === "win32") return envValue(env, "APPDATA") ?? join(home, "AppData", "Roaming");
  if (platform === "darwin") return join(home, "Library", "Application Support");
  return envValue(env, "XDG_CONFIG_HOME") ?? join(home, ".config");
}

function readGoEnv(path: string): Record<string, string> {
  try {
    return Object.fromEntries(
      readFileSync(path, "utf8").split("\n").flatMap((line) => {
        const match = /^([A-Z0-9_]+)=(.*)$/.exec(line.trim());
        return match?.[1] === undefined ? [] : [[match[1], match[2] ?? ""]];
      }),
    );
  } catch {
    // `go env -w` was never used.
    return {};
  }
}
