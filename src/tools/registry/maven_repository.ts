import { join } from "node:path";
import { existsSync } from "node:fs";
import * as v from "valibot";
import { Buffer } from "node:buffer";
import { envValue } from "../../base/env.ts";
import { readTextFile } from "../../base/read_text_file.ts";
import { IntegrityError, integrityOfSha256 } from "../integrity.ts";
import { defaultRegistry } from "./default_registries.ts";
import type { Documents } from "./metadata_client.ts";
import { type MavenRepository, settingsRepository } from "./maven_settings.ts";
import type { RegistryUser } from "./registry_types.ts";

/** What asking a Maven repository needs. */
export interface MavenContext {
  documents: Documents;
  user: RegistryUser;
  signal?: AbortSignal | undefined;
}

/** The coordinates of a file's project. */
export interface Coordinates {
  group: string;
  artifact: string;
}

const Metadata = v.object({
  metadata: v.object({
    versioning: v.object({ versions: v.object({ version: v.array(v.string()) }) }),
  }),
});

/**
 * Every version of an artifact, as the publisher writes it.
 * @returns undefined when the repository does not have the artifact
 */
export async function mavenVersions(at: Coordinates, context: MavenContext): Promise<string[] | undefined> {
  const text = await getText(`${folderOf(at)}/maven-metadata.xml`, context);
  if (text === undefined) return undefined;
  const { XMLParser } = await import("fast-xml-parser");
  const parser = new XMLParser({ parseTagValue: false, isArray: (name) => name === "version" });
  const parsed = v.safeParse(Metadata, parser.parse(text));
  return parsed.success ? parsed.output.metadata.versioning.versions.version : [];
}

/**
 * The hash of a file that its publisher or the repository tells. Older files have only a sha1, which proves
 * nothing later: such a file is read once, now, and its sha256 is what counts from then on.
 *
 * @throws {IntegrityError} when the file does not have that sha1
 */
export async function mavenIntegrity(
  at: Coordinates & { version: string; file: string },
  context: MavenContext,
): Promise<string | undefined> {
  for (const [algorithm, length] of [["sha512", 128], ["sha256", 64]] as const) {
    const text = await getText(`${folderOf(at)}/${at.version}/${at.file}.${algorithm}`, context);
    const hex = new RegExp(`\\b[0-9a-f]{${length}}\\b`, "i").exec(text ?? "")?.[0];
    if (hex !== undefined) return `${algorithm}-${Buffer.from(hex, "hex").toString("base64")}`;
  }
  const weak = /\b[0-9a-f]{40}\b/i.exec(
    await getText(`${folderOf(at)}/${at.version}/${at.file}.sha1`, context) ?? "",
  );
  if (weak === null) return undefined;
  const { documents, signal } = context;
  const address = await mavenAddress(at, context);
  const hashes = await documents.hashes({ ...address, signal });
  if (hashes === undefined) return undefined;
  if (hashes.sha1 === weak[0].toLowerCase()) return integrityOfSha256(hashes.sha256);
  throw new IntegrityError(
    `Wrong hash for ${at.file}: the file does not have the sha1 that its repository states`,
    {
      next: "Do not use it. If the repository is a mirror, it may hold half a file",
    },
  );
}

/** Where a file is, with the credentials for it. */
export async function mavenAddress(
  at: Coordinates & { version: string; file: string },
  { user }: Pick<MavenContext, "user">,
): Promise<MavenRepository> {
  const { url, headers } = await repositoryOf(user);
  return { url: `${url}${folderOf(at)}/${at.version}/${at.file}`, headers };
}

function folderOf({ group, artifact }: Coordinates): string {
  return `${group.replaceAll(".", "/")}/${artifact}`;
}

/**
 * The user's repository: coursier's variable, what settings.xml puts in place of the public one, else that.
 */
async function repositoryOf(user: RegistryUser): Promise<MavenRepository> {
  const named = envValue(user.env, "COURSIER_REPOSITORIES")?.split("|").find((one) =>
    /^https?:\/\//.test(one)
  );
  if (named !== undefined) return { url: named.endsWith("/") ? named : `${named}/`, headers: {} };
  for (const path of settingsFiles(user)) {
    if (!existsSync(path)) continue;
    const found = await settingsRepository(readTextFile(path), user.env);
    if (found !== undefined) return found;
  }
  return { url: await defaultRegistry("maven"), headers: {} };
}

/** The user's own before the machine's. A project's `.mvn` has no say. */
function settingsFiles({ env, home }: RegistryUser): string[] {
  const installed = envValue(env, "MAVEN_HOME") ?? envValue(env, "M2_HOME");
  return [
    join(home, ".m2", "settings.xml"),
    ...(installed === undefined ? [] : [join(installed, "conf", "settings.xml")]),
    "/etc/maven/settings.xml",
  ];
}

async function getText(path: string, context: MavenContext): Promise<string | undefined> {
  const { url, headers } = await repositoryOf(context.user);
  return await context.documents.get({
    url: `${url}${path}`,
    headers,
    accept: "*/*",
    immutable: !path.endsWith("maven-metadata.xml"),
    read: "text",
    schema: v.string(),
    parse: String,
    signal: context.signal,
  });
}
