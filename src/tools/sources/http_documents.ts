/** The texts that a tool at plain addresses is described by: its list of versions, and its checksums. */
import * as v from "valibot";
import { HaftError } from "../../base/errors.ts";
import { type CompiledPattern, compilePattern } from "../../base/pattern.ts";
import { integrityOfSha256 } from "../integrity.ts";
import { compareRevisions } from "../versions/loose_version.ts";
import { isStableVersion, sortVersions } from "../versions/pick_version.ts";
import type { Checksums, VersionListing } from "./http_entry.ts";
import { checksumOf } from "./release_assets.ts";
import type { ResolveDeps } from "./source.ts";
import { type Facts, fileName, fill, isFact, versionOf } from "./url_template.ts";

/** Versions of a list, each with what its templates need, and the tags that lead to them. */
export interface Listed {
  /** Oldest first. */
  versions: string[];
  facts: ReadonlyMap<string, Facts>;
  distTags: Record<string, string>;
  /** Version → day, where the list tells. */
  dates: ReadonlyMap<string, string>;
}

/** One text of a list. */
interface Row {
  text: string;
  /** The line of long-term versions that it belongs to. */
  lts?: string;
  date?: string;
}

/** @throws {HaftError} when there is no list, or it holds no version */
export async function fetchListed(listing: VersionListing, deps: ResolveDeps): Promise<Listed> {
  const { url } = listing;
  const parse = await listingParser(listing);
  const text = await textAt(url, { immutable: false, check: parse }, deps);
  if (text !== undefined) return parse(text);
  throw new HaftError(`There is no list of versions at ${url}`, { next: "Check [mirrors] in haft.toml" });
}

/** What reads the text of a list of versions. */
export async function listingParser(listing: VersionListing): Promise<(text: string) => Listed> {
  const select = await selector(listing.path);
  const pattern = listing.match === undefined ? undefined : await compilePattern(listing.match);
  return (text) => {
    const rows = readable("list of versions", listing.url, () => rowsOf(text, { listing, select, pattern }));
    return listedOf(rows, pattern);
  };
}

/**
 * Reads a version's checksums; each file of them once.
 *
 * @returns what finds the integrity of an artifact by its address; undefined when the publisher has none
 */
export function checksumReader(
  checksums: Checksums,
  facts: Facts,
  deps: ResolveDeps,
): (url: string) => Promise<string | undefined> {
  const files = new Map<string, Promise<(file: string) => string | undefined>>();
  return async (url) => {
    const file = fileName(url);
    const address = fill(checksums.url, { ...facts, url, file });
    const reading = files.get(address) ?? readChecksums(address, checksums, deps);
    files.set(address, reading);
    const hash = (await reading)(file);
    return hash === undefined ? undefined : integrityOfSha256(hash);
  };
}

async function readChecksums(
  address: string,
  checksums: Checksums,
  deps: ResolveDeps,
): Promise<(file: string) => string | undefined> {
  const select = await selector(checksums.path);
  const rows = (text: string) =>
    readable("checksums", address, () => {
      if (!/[0-9a-f]{64}/i.test(text)) throw new Error("it holds no sha256");
      return select(text);
    });
  // The checksums of one version do not change; a list of every version's grows.
  const text = await textAt(address, { immutable: address !== checksums.url, check: rows }, deps);
  if (text === undefined) return () => undefined;
  if (checksums.path === undefined) return (file) => checksumOf(text, file);
  const selected = rows(text);
  return (file) => hashIn(selected, checksums, file);
}

/** What a JSON path selects of a text; nothing without a path. */
type Select = (text: string) => readonly unknown[];

async function selector(path: string | undefined): Promise<Select> {
  if (path === undefined) return () => [];
  const { query } = await import("json-p3");
  return (text) => query(path, JSON.parse(text)).values();
}

/**
 * The text at an address, as it was served: one document may be a list of versions and of checksums.
 *
 * @param check throws when the text is another one, a network's login page for example; it is not kept then
 */
async function textAt(
  url: string,
  { immutable, check }: { immutable: boolean; check: (text: string) => unknown },
  { documents, signal }: ResolveDeps,
): Promise<string | undefined> {
  return await documents.get({
    url,
    headers: {},
    accept: "*/*",
    immutable,
    read: "text",
    schema: v.string(),
    parse(served) {
      const text = String(served);
      check(text);
      return text;
    },
    signal,
  });
}

function readable<T>(what: string, url: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new HaftError(`Cannot read the ${what} at ${url}: it is not in the expected format`, {
      next: "Check the address, and [mirrors] in haft.toml",
      cause: error,
    });
  }
}

function rowsOf(
  text: string,
  { listing, select, pattern }: {
    listing: VersionListing;
    select: Select;
    pattern: CompiledPattern | undefined;
  },
): Row[] {
  const { path } = listing;
  const rows = path === undefined ? linksOf(text) : select(text).map((row) => rowOf(row, listing));
  const fitting = pattern === undefined ? rows : rows.filter((row) => pattern.test(row.text));
  if (fitting.length === 0) throw new Error("it holds no version");
  return fitting;
}

const DAY = /^\d{4}-\d{2}-\d{2}/;

const VersionRow = v.union([
  v.pipe(v.string(), v.transform((version) => ({ version }))),
  v.looseObject({ version: v.string() }),
]);

function rowOf(value: unknown, listing: VersionListing): Row {
  const row = v.parse(VersionRow, value);
  const valueOf = (name: string | undefined) => Object.entries(row).find(([key]) => key === name)?.[1];
  const [lts, date] = [valueOf(listing.lts), valueOf(listing.date)];
  return {
    text: row.version,
    ...(typeof lts === "string" ? { lts } : {}),
    ...(typeof date === "string" && DAY.test(date) ? { date: date.slice(0, "2024-10-29".length) } : {}),
  };
}

/** The targets of a page's links. */
function linksOf(page: string): Row[] {
  return [...page.matchAll(/\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))/gi)]
    .map(([, double, single, bare]) => ({ text: double ?? single ?? bare ?? "" }));
}

/**
 * Tags: `latest` (also `node`, `current`, `stable`), `lts` and `lts/*` for the newest long-term version,
 * `lts/<name>` for the newest of one line.
 */
function listedOf(rows: readonly Row[], pattern: CompiledPattern | undefined): Listed {
  const found = new Map<string, { row: Row; facts: Facts }>();
  for (const row of rows) {
    const groups = pattern === undefined ? { version: row.text } : pattern.groups(row.text) ?? {};
    const { version: text = "", ...others } = groups;
    const facts = { ...others, version: text.replace(/^v/, "") };
    const version = versionOf(facts.version);
    if (version === undefined || !Object.values(facts).every(isFact)) continue;
    const known = found.get(version);
    if (known === undefined || compareRevisions(row.text, known.row.text) > 0) {
      found.set(version, { row, facts });
    }
  }
  const versions = sortVersions([...found.keys()]);
  const distTags: Record<string, string> = {};
  // Oldest first, so that the newest of each tag stays.
  for (const version of versions) {
    if (isStableVersion(version)) {
      for (const tag of ["latest", "current", "stable", "node"]) distTags[tag] = version;
    }
    const line = found.get(version)?.row.lts;
    if (line === undefined) continue;
    for (const tag of ["lts", "lts/*", `lts/${line.toLowerCase()}`]) distTags[tag] = version;
  }
  return {
    versions,
    facts: new Map([...found].map(([version, { facts }]) => [version, facts])),
    distTags,
    dates: new Map(
      [...found].flatMap(([version, { row: { date } }]) => date === undefined ? [] : [[version, date]]),
    ),
  };
}

/** The hash of a file among what a JSON path selects; hashes without a file's name are the file's own. */
function hashIn(rows: readonly unknown[], checksums: Checksums, file: string): string | undefined {
  const { file: fileKey = "file", sha256: hashKey = "sha256" } = checksums;
  for (const row of rows) {
    if (typeof row === "string" && rows.length === 1) return sha256Of(row);
    const named = v.safeParse(v.record(v.string(), v.unknown()), row);
    if (!named.success) continue;
    const { [fileKey]: name, [hashKey]: hash } = named.output;
    if (typeof name === "string" && fileName(name) === file && typeof hash === "string") {
      return sha256Of(hash);
    }
  }
  return undefined;
}

/** GitHub and others write the algorithm before the hash. */
function sha256Of(text: string): string | undefined {
  return /^(?:sha256[:-])?([0-9a-f]{64})$/i.exec(text.trim())?.[1]?.toLowerCase();
}
