/**
 * minisign's formats (https://jedisct1.github.io/minisign/): an Ed25519 signature of a file, and a second one
 * that binds the trusted comment to it.
 */
import { Buffer } from "node:buffer";
import { createHash, createPublicKey, verify } from "node:crypto";

/** The DER header of an Ed25519 public key (RFC 8410); the 32 bytes of the key follow. */
const spkiHeader = Buffer.from("302a300506032b6570032100", "hex");

export interface PublicKey {
  /** 8 bytes that tell keys apart, in hex. */
  id: string;
  /** 32 bytes. */
  key: Uint8Array;
}

/**
 * @param text the file that minisign writes, or its second line alone
 * @throws {TypeError} when it is not a public key of minisign's
 */
export function parsePublicKey(text: string): PublicKey {
  const bytes = Buffer.from(lastLine(text), "base64");
  if (bytes.length !== 42 || bytes.subarray(0, 2).toString("latin1") !== "Ed") {
    throw new TypeError("This is not a public key of minisign's");
  }
  return { id: bytes.subarray(2, 10).toString("hex"), key: bytes.subarray(10) };
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.trim() ?? "";
}

/**
 * Checks that `content` was signed by the holder of `publicKey`.
 *
 * @param signature the text of the `.minisig` file
 * @returns the trusted comment
 * @throws {Error} that says what is wrong with the signature
 */
export function verifySignature(content: Uint8Array, signature: string, publicKey: PublicKey): string {
  const [, signatureLine = "", commentLine = "", globalLine = ""] = signature.split("\n").map((line) =>
    line.trim()
  );
  const bytes = Buffer.from(signatureLine, "base64");
  const prefix = "trusted comment: ";
  if (bytes.length !== 74 || !commentLine.startsWith(prefix)) {
    throw new Error("It is not a minisign signature");
  }
  const algorithm = bytes.subarray(0, 2).toString("latin1");
  if (algorithm !== "Ed" && algorithm !== "ED") {
    throw new Error(`It uses the unknown algorithm "${algorithm}"`);
  }
  const id = bytes.subarray(2, 10).toString("hex");
  if (id !== publicKey.id) throw new Error(`It was made with key ${id}, the release key is ${publicKey.id}`);

  const key = createPublicKey({
    key: Buffer.concat([spkiHeader, publicKey.key]),
    format: "der",
    type: "spki",
  });
  const signed = algorithm === "ED"
    ? createHash("blake2b512").update(content).digest()
    : Buffer.from(content);
  const own = bytes.subarray(10);
  if (!verify(null, signed, key, own)) throw new Error("It does not belong to this content");
  const comment = commentLine.slice(prefix.length);
  const bound = Buffer.concat([own, Buffer.from(comment)]);
  if (!verify(null, bound, key, Buffer.from(globalLine, "base64"))) {
    throw new Error("Its trusted comment was changed");
  }
  return comment;
}
