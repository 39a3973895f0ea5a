import { RequestError } from "../../../../src/protocol/wire_error.ts";
import { PROTOCOL_RANGE } from "../../../../src/protocol/protocol_range.ts";

/** A daemon with which the extension has no protocol in common. */
export interface ProtocolSkew {
  older: "daemon" | "extension";
  text: string;
}

/** @returns undefined for any other failure */
export function protocolSkew(error: unknown): ProtocolSkew | undefined {
  if (!(error instanceof RequestError) || error.errorName !== "unsupported_protocol") return undefined;
  const [oldest, newest] = PROTOCOL_RANGE;
  const theirs = rangeOf(error.data);
  const older = theirs !== undefined && theirs[0] > newest ? "extension" : "daemon";
  const speaks = theirs === undefined ? "another protocol" : `protocol ${words(theirs)}`;
  const what = `haft's daemon speaks ${speaks}, and this extension ${words([oldest, newest])}.`;
  return {
    older,
    text: older === "extension"
      ? `${what} Update the extension`
      : `${what} Update haft ("haft self update"), then restart the daemon`,
  };
}

function rangeOf(data: unknown): [number, number] | undefined {
  if (typeof data !== "object" || data === null || !("protocol" in data)) return undefined;
  const range: unknown = data.protocol;
  if (!Array.isArray(range)) return undefined;
  const [oldest, newest]: unknown[] = range;
  return typeof oldest === "number" && typeof newest === "number" ? [oldest, newest] : undefined;
}

function words([oldest, newest]: readonly [number, number]): string {
  return oldest === newest ? `${oldest}` : `${oldest} to ${newest}`;
}

/** Whether a daemon's version is before the extension's; what follows a hyphen does not count. */
export function isOlder(daemon: string, extension: string): boolean {
  const [left, right] = [numbersOf(daemon), numbersOf(extension)];
  const at = left.findIndex((number, index) => number !== right[index]);
  return at >= 0 && (left[at] ?? 0) < (right[at] ?? 0);
}

function numbersOf(version: string): number[] {
  const [numbers = ""] = version.split("-");
  return numbers.split(".").map(Number);
}
