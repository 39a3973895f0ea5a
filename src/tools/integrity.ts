import { Buffer } from "node:buffer";
import * as v from "valibot";
import { HaftError } from "../base/errors.ts";

/** A download differs from what the lock file or the registry promised. */
export class IntegrityError extends HaftError {
  override readonly name = "IntegrityError";
}

/**
 * The hashes that a lock file may hold, strongest first. sha1 is broken: it proves nothing about a file's
 * author.
 */
const STRONG = ["sha512", "sha384", "sha256"] as const;
const BYTES: Record<typeof STRONG[number], number> = { sha512: 64, sha384: 48, sha256: 32 };

/**
 * The strongest hash of a subresource integrity text (`sha1-… sha512-…`), or undefined when none is strong
 * enough.
 */
export function strongestIntegrity(text: string): string | undefined {
  const hashes = text.trim().split(/\s+/).map((hash) => hash.replace(/\?.*$/, ""));
  for (const algorithm of STRONG) {
    const hash = hashes.find((candidate) => candidate.startsWith(`${algorithm}-`));
    if (hash !== undefined && isIntegrity(hash)) return hash;
  }
  return undefined;
}

/** Whether the text is exactly one strong hash in its canonical form. */
export function isIntegrity(text: string): boolean {
  const [algorithm = "", digest = "", ...more] = text.split("-");
  const strong = STRONG.find((candidate) => candidate === algorithm);
  if (strong === undefined || more.length > 0 || !/^[A-Za-z0-9+/]+=*$/.test(digest)) return false;
  return Buffer.from(digest, "base64").length === BYTES[strong] && digest.length % 4 === 0;
}

/** A hexadecimal sha256, as `sha256sum` prints it, as an integrity text. */
export function integrityOfSha256(hex: string): string {
  return `sha256-${Buffer.from(hex, "hex").toString("base64")}`;
}

/** Go's hash of a module, as its checksum database has it. */
export const ModuleHash = v.pipe(
  v.string(),
  v.regex(/^h1:[A-Za-z0-9+/]{43}=$/, "a module's hash such as h1:…"),
);

/** One strong hash, as the lock file holds it. */
export const Integrity = v.pipe(
  v.string(),
  v.check(isIntegrity, "an integrity such as sha512-… (sha512, sha384 or sha256)"),
);
