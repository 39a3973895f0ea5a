import { type Env, envValue } from "../base/env.ts";
import { errorMessage, HaftError } from "../base/errors.ts";
import type { ArchiveFormat } from "../protocol/artifact.ts";
import type { HttpClient } from "../tools/http/http_client.ts";
import type { Platform } from "../tools/platform.ts";
import { parsePublicKey, type PublicKey, verifySignature } from "./minisign.ts";

/** Set by `deno task release`; a build that was made otherwise has neither. */
declare const HAFT_RELEASES_URL: string;
declare const HAFT_RELEASE_KEY: string;

/** Where releases of haft are, and whose signature they carry. */
export interface ReleaseSource {
  /** `<url>/latest/SHA256SUMS`, `<url>/v1.2.3/…`. */
  url: string;
  publicKey: PublicKey;
}

/**
 * The source that this build was made for, or `HAFT_MIRROR` in its place. The key is always the build's own.
 *
 * @throws {HaftError} when this build is no release
 */
export function releaseSource(env: Env): ReleaseSource {
  const url = typeof HAFT_RELEASES_URL === "undefined" ? "" : HAFT_RELEASES_URL;
  const key = typeof HAFT_RELEASE_KEY === "undefined" ? "" : HAFT_RELEASE_KEY;
  if (key === "") {
    throw new HaftError("This haft was built from a checkout, so it knows no release to update from", {
      next: 'Update the checkout and run "deno task build", or install a release',
    });
  }
  return { url: (envValue(env, "HAFT_MIRROR") ?? url).replace(/\/+$/, ""), publicKey: parsePublicKey(key) };
}

/** One release, whose list of files was signed by the release key. */
export interface Release {
  version: string;
  /** SHA-256 in hex, by file name. */
  sums: ReadonlyMap<string, string>;
}

export interface FindOptions {
  http: HttpClient;
  signal: AbortSignal;
  /** An exact version; the newest one without it. */
  version?: string;
}

/**
 * Reads a release's SHA256SUMS and its signature, whose trusted comment (`haft 1.2.3 SHA256SUMS`) names the
 * version: a mirror cannot pass an old list off as another version's.
 *
 * @throws {HaftError}
 */
export async function findRelease(source: ReleaseSource, options: FindOptions): Promise<Release> {
  const directory = `${source.url}/${options.version === undefined ? "latest" : `v${options.version}`}`;
  const sums = await fetchText(`${directory}/SHA256SUMS`, options);
  const signature = await fetchText(`${directory}/SHA256SUMS.minisig`, options);
  let comment: string;
  try {
    comment = verifySignature(new TextEncoder().encode(sums), signature, source.publicKey);
  } catch (error) {
    throw new HaftError(`The signature of ${directory}/SHA256SUMS is wrong: ${errorMessage(error)}`, {
      next: "Nothing was changed. If HAFT_MIRROR is set, check it",
      cause: error,
    });
  }
  const version = /^haft (\S+) SHA256SUMS$/.exec(comment)?.[1];
  if (version === undefined || (options.version !== undefined && version !== options.version)) {
    throw new HaftError(
      `${directory}/SHA256SUMS was signed as "${comment}", not for the version that was asked for`,
      {
        next: "Nothing was changed. If HAFT_MIRROR is set, check it",
      },
    );
  }
  return { version, sums: parseSums(sums) };
}

async function fetchText(url: string, { http, signal }: FindOptions): Promise<string> {
  const response = await http.get(url, { signal, maxBytes: 1 << 20 });
  if (response.status !== 200) {
    await response.cancel();
    throw new HaftError(`${url} answers ${response.status}`, {
      next: response.status === 404
        ? "Is there such a version?"
        : "Try again later, or set HAFT_MIRROR to a mirror",
    });
  }
  return await response.text();
}

function parseSums(text: string): Map<string, string> {
  const rows = text.split("\n").map((line) => /^([0-9a-f]{64}) [ *](\S+)$/.exec(line));
  return new Map(rows.flatMap((row) => row === null ? [] : [[row[2] ?? "", row[1] ?? ""]]));
}

/** The archive of a release for a platform; the executable is directly in its one directory. */
export function archiveFor(version: string, platform: Platform): { name: string; format: ArchiveFormat } {
  const target = platform.replace("-glibc", "").replace("win32", "windows");
  const format = target.startsWith("windows") ? "zip" : "tar.gz";
  return { name: `haft-${version}-${target}.${format}`, format };
}
