import { format, parseRange, type Range, tryParse, tryParseRange } from "@std/semver";
import { UsageError } from "../../base/errors.ts";
import { looseVersion } from "./loose_version.ts";

/** What a version text asks for. */
export type VersionRequest =
  /** One version, normalised (`v1.2.3` and `=1.2.3` are `1.2.3`). */
  | { readonly kind: "exact"; readonly version: string }
  /** `22`, `22.1`, `^1`, `~1.2`, `>=1 <3`, `1 - 2`, `*`: the newest version inside. */
  | { readonly kind: "range"; readonly range: Range }
  /** `latest`, `next`, `lts/*`: a name that only the source can turn into a version. */
  | { readonly kind: "tag"; readonly tag: string };

/** A tag is a word: it becomes part of an address, so nothing that could change the address's path passes. */
const TAG = /^[A-Za-z][A-Za-z0-9_-]*(?:[./][A-Za-z0-9_*-]+)*$/;

/** A commit's hash, which may begin with a digit and is told from a number by its letters. */
const COMMIT = /^(?=.*[a-f])[0-9a-f]{7,40}$/;

/**
 * Reads a version as a manifest writes it.
 * @throws {UsageError} on text of none of the three kinds
 */
export function parseVersionRequest(text: string): VersionRequest {
  const request = tryParseVersionRequest(text);
  if (request !== undefined) return request;
  // As temurin-21.0.5+11.0.LTS, which asdf and mise have for Java.
  const [, number] = /^[a-z][a-z_-]*-(\d+(?:\.\d+)*)/i.exec(text.trim()) ?? [];
  throw new UsageError(`Cannot read version ${JSON.stringify(text)}`, {
    next: number !== undefined
      ? `haft does not choose among builders; write the version alone: "${number}"`
      : 'Write a version ("1.2.3"), a part of one ("22", "22.1"), a range ("^1.2", ">=1 <3") or a tag ("latest")',
  });
}

/** As {@link parseVersionRequest}; undefined where that throws. */
export function tryParseVersionRequest(text: string): VersionRequest | undefined {
  const trimmed = plainSpelling(text.trim());
  if (trimmed === "") return undefined;
  const version = tryParse(trimmed.replace(/^=\s*/, ""));
  if (version !== undefined) return { kind: "exact", version: format(version) };
  const range = tryParseRange(trimmed);
  if (range !== undefined) return { kind: "range", range };
  const loose = looseVersion(trimmed);
  if (loose !== undefined) return { kind: "exact", version: loose };
  return TAG.test(trimmed) || COMMIT.test(trimmed) ? { kind: "tag", tag: trimmed } : undefined;
}

/** pip's `==1.2.*`, `~=1.4` and `>=1,<2`, and the capital of `V22`, as semantic versions have them. */
function plainSpelling(text: string): string {
  if (!/^(?:V\d|[~=<>])/.test(text)) return text;
  return text.split(/\s*,\s*/).map((clause) => {
    const [, compatible] = /^~=\s*(\d+(?:\.\d+)+)$/.exec(clause) ?? [];
    // ~=1.4 goes up to 2, ~=1.4.2 up to 1.5.
    if (compatible !== undefined) {
      return compatible.split(".").length > 2 ? `~${compatible}` : `^${compatible}`;
    }
    return clause.replace(/^===?\s*/, "").replace(/^V(?=\d)/, "v");
  }).join(" ");
}

/** The range of a text that is known to be one (the catalogue's own, checked by its test). */
export function knownRange(text: string): Range {
  return parseRange(text);
}

/** `sub-1:lts` and `sub-0.1:latest`, as mise has them: so many versions behind another. */
export function parseBehind(text: string): { minus: string; base: string } | undefined {
  const [, minus, base] = /^sub-(\d+(?:\.\d+)*):(.+)$/.exec(text.trim()) ?? [];
  if (minus === undefined || base === undefined || tryParseVersionRequest(base) === undefined) {
    return undefined;
  }
  return { minus, base };
}

/**
 * The request for what is so much behind a version: 22.5.1 less `1` is `21`, less `0.1` is `22.4`.
 *
 * @returns undefined when there is no such version
 */
export function versionBehind(version: string, minus: string): string | undefined {
  const numbers = (version.split(/[-+]/)[0] ?? "").split(".").map(Number);
  const parts = minus.split(".").map((part, index) => (numbers[index] ?? 0) - Number(part));
  return parts.every((part) => part >= 0) ? parts.join(".") : undefined;
}
