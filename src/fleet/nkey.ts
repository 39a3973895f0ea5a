/**
 * NATS user keys. Ed25519 by the runtime's own code: the one that NATS brings along takes 50 ms for a
 * signature and 35 ms for a check, and haft checks one for every request.
 */
import { Buffer } from "node:buffer";
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/** The first bits of a seed and of a user, as nkeys writes them. */
const SEED = 18 << 3;
const USER = 20 << 3;
/** What stands before the 32 bytes of a key in DER. */
const PRIVATE_DER = Buffer.from("302e020100300506032b657004220420", "hex");
const PUBLIC_DER = Buffer.from("302a300506032b6570032100", "hex");

/** A key that signs. */
export interface UserKey {
  /** `U…`, which names it to others. */
  readonly publicKey: string;
  /** `SU…`, the secret. */
  readonly seed: string;
  sign(bytes: Uint8Array): Uint8Array;
}

export function createUserKey(): UserKey {
  const { privateKey } = generateKeyPairSync("ed25519");
  const raw = privateKey.export({ type: "pkcs8", format: "der" }).subarray(-32);
  const prefix = [SEED | (USER >> 5), (USER & 31) << 3];
  return userKey(encode(Buffer.concat([Buffer.from(prefix), raw])));
}

/** @throws {Error} when the text is no user's seed */
export function userKey(seed: string): UserKey {
  const bytes = decode(seed);
  if (bytes.length !== 34 || bytes[0] !== (SEED | (USER >> 5)) || bytes[1] !== (USER & 31) << 3) {
    throw new Error("It is no seed of a NATS user (SU…)");
  }
  const key = createPrivateKey({
    key: Buffer.concat([PRIVATE_DER, bytes.subarray(2)]),
    format: "der",
    type: "pkcs8",
  });
  const raw = createPublicKey(key).export({ type: "spki", format: "der" }).subarray(-32);
  return {
    seed,
    publicKey: encode(Buffer.concat([Buffer.from([USER]), raw])),
    sign: (message) => new Uint8Array(sign(null, message, key)),
  };
}

/** Whether the holder of a user's key signed the bytes. A text that is no key signed nothing. */
export function isSignedBy(publicKey: string, message: Uint8Array, signature: Uint8Array): boolean {
  const key = publicKeyObject(publicKey);
  return key !== undefined && signature.length === 64 && verify(null, message, key, signature);
}

function publicKeyObject(text: string): KeyObject | undefined {
  try {
    const bytes = decode(text);
    if (bytes.length !== 33 || bytes[0] !== USER) return undefined;
    const key = Buffer.concat([PUBLIC_DER, bytes.subarray(1)]);
    return createPublicKey({ key, format: "der", type: "spki" });
  } catch {
    return undefined;
  }
}

/** Base32 without padding, with a checksum at the end. */
function encode(bytes: Buffer): string {
  const sum = checksum(bytes);
  const all = Buffer.concat([bytes, Buffer.from([sum & 0xff, sum >> 8])]);
  let text = "";
  let value = 0;
  let bits = 0;
  for (const byte of all) {
    value = (value << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(value >> (bits - 5)) & 31];
    value &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + ALPHABET[(value << (5 - bits)) & 31];
}

/** @throws {Error} */
function decode(text: string): Buffer {
  const bytes: number[] = [];
  let value = 0;
  let bits = 0;
  for (const letter of text) {
    const digit = ALPHABET.indexOf(letter);
    if (digit < 0) throw new Error("It is no NATS key");
    value = (value << 5) | digit;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((value >> bits) & 0xff);
    value &= (1 << bits) - 1;
  }
  const all = Buffer.from(bytes);
  const body = all.subarray(0, -2);
  // Only one spelling of a key counts: keys are compared as texts.
  if (all.length < 3 || encode(body) !== text) throw new Error("It is no NATS key");
  return body;
}

/** CRC-16/XMODEM. */
function checksum(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ ((crc & 0x8000) === 0 ? 0 : 0x1021)) & 0xffff;
  }
  return crc;
}
