import { Buffer } from "node:buffer";
import { createPrivateKey, sign } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";

/** The DER header of an Ed25519 private key (RFC 8410); its 32-byte seed follows. */
const pkcs8Header = Buffer.from("302e020100300506032b657004220420", "hex");

export interface SigningKey {
  id: Uint8Array;
  seed: Uint8Array;
  /** As `minisign.pub` has it in its second line. */
  publicKey: string;
}

/**
 * Reads a secret key of minisign's that has no password (`minisign -G -W`).
 *
 * @param value the key file's path, or its content
 * @throws {TypeError} for another file, or a key with a password
 */
export function readSigningKey(value: string): SigningKey {
  const text = existsSync(value) ? readFileSync(value, "utf8") : value;
  const bytes = Buffer.from(text.trim().split("\n").at(-1) ?? "", "base64");
  if (bytes.length !== 158 || bytes.subarray(0, 2).toString("latin1") !== "Ed") {
    throw new TypeError("HAFT_SIGNING_KEY is neither a secret key of minisign's nor the path of one");
  }
  if (bytes.readUInt16BE(2) !== 0) {
    throw new TypeError("The secret key has a password. Make one without by `minisign -G -W`");
  }
  const id = bytes.subarray(54, 62);
  const publicKey = Buffer.concat([Buffer.from("Ed"), id, bytes.subarray(94, 126)]).toString("base64");
  return { id, seed: bytes.subarray(62, 94), publicKey };
}

/**
 * The text of a `.minisig` file. It signs the content itself (minisign's "legacy" form), which openssl can
 * check, too.
 *
 * @param comment one line, signed along
 */
export function signatureOf(content: Uint8Array, comment: string, { id, seed }: SigningKey): string {
  const key = createPrivateKey({ key: Buffer.concat([pkcs8Header, seed]), format: "der", type: "pkcs8" });
  const own = sign(null, content, key);
  const bound = sign(null, Buffer.concat([own, Buffer.from(comment)]), key);
  return [
    "untrusted comment: signature of haft's release",
    Buffer.concat([Buffer.from("Ed"), id, own]).toString("base64"),
    `trusted comment: ${comment}`,
    bound.toString("base64"),
    "",
  ].join("\n");
}
