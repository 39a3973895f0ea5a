import * as v from "valibot";
import type { Documents } from "./metadata_client.ts";
import type { RegistryUser } from "./registry_types.ts";
import { pythonIndex } from "./pip_config.ts";

/** One file of a project in an index. */
const IndexFile = v.object({
  filename: v.string(),
  url: v.string(),
  /** Hexadecimal; undefined when the index does not tell. */
  sha256: v.optional(v.string()),
  yanked: v.boolean(),
  /** ISO 8601; undefined when the index does not tell. */
  uploaded: v.optional(v.string()),
  /** The Pythons that it is for (`requires-python`); undefined when the index does not tell. */
  requires: v.optional(v.string()),
});
export type IndexFile = v.InferOutput<typeof IndexFile>;

const Kept = v.array(IndexFile);

const ACCEPT =
  "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.2, text/html; q=0.1";

/** PEP 691, and its `upload-time` of PEP 700. */
const Served = v.object({
  files: v.array(v.object({
    filename: v.string(),
    url: v.string(),
    hashes: v.optional(v.record(v.string(), v.string()), {}),
    yanked: v.optional(v.union([v.boolean(), v.string()]), false),
    "upload-time": v.fallback(v.optional(v.pipe(v.string(), v.isoTimestamp())), undefined),
    "requires-python": v.optional(v.nullable(v.string())),
  })),
});

/** A project's name as indexes have it (PEP 503). */
export function normalizedName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, "-");
}

/**
 * The wheels of a project in the user's index; undefined when the index does not have the project.
 * Other files are left out: nothing is built from source.
 */
export async function wheelsOf(
  name: string,
  { documents, user, signal }: { documents: Documents; user: RegistryUser; signal?: AbortSignal | undefined },
): Promise<IndexFile[] | undefined> {
  const index = await pythonIndex(user);
  const url = `${index.url}${normalizedName(name)}/`;
  return await documents.get({
    url,
    headers: index.headers,
    accept: ACCEPT,
    immutable: false,
    read: "text",
    schema: Kept,
    parse: (text) => filesOf(String(text), url).filter(({ filename }) => filename.endsWith(".whl")),
    signal,
  });
}

/** Where a wheel is downloaded, with the index's credentials when it is on the same host. */
export async function wheelAddress(
  file: IndexFile,
  name: string,
  user: RegistryUser,
): Promise<{ url: string; headers: Record<string, string> }> {
  const index = await pythonIndex(user);
  const url = new URL(file.url, `${index.url}${normalizedName(name)}/`);
  return { url: url.href, headers: url.origin === new URL(index.url).origin ? index.headers : {} };
}

/** Both forms of an index: JSON, and the page of links that older ones serve (PEP 503). */
export function filesOf(text: string, url: string): IndexFile[] {
  if (!text.trimStart().startsWith("<")) {
    return v.parse(Served, JSON.parse(text)).files.map((
      { filename, url: address, hashes, yanked, "upload-time": uploaded, "requires-python": python },
    ) => ({
      filename,
      url: new URL(address, url).href,
      ...(hashes["sha256"] === undefined ? {} : { sha256: hashes["sha256"] }),
      yanked: yanked !== false,
      ...(uploaded === undefined ? {} : { uploaded }),
      ...requires(python),
    }));
  }
  return [...text.matchAll(/<a\s([^>]*)>([^<]*)<\/a>/gi)].flatMap(([, attributes = "", label = ""]) => {
    const href = /href\s*=\s*["']([^"']+)["']/i.exec(attributes)?.[1]?.replaceAll("&amp;", "&");
    if (href === undefined) return [];
    const address = new URL(href, url);
    const sha256 = /sha256=([0-9a-f]{64})/i.exec(address.hash)?.[1]?.toLowerCase();
    address.hash = "";
    return [{
      filename: label.trim(),
      url: address.href,
      ...(sha256 === undefined ? {} : { sha256 }),
      yanked: /data-yanked/i.test(attributes),
      ...requires(/data-requires-python\s*=\s*["']([^"']+)["']/i.exec(attributes)?.[1]),
    }];
  });
}

function requires(text: string | null | undefined): { requires?: string } {
  if (text === undefined || text === null || text === "") return {};
  return { requires: text.replaceAll("&gt;", ">").replaceAll("&lt;", "<").replaceAll("&amp;", "&") };
}
