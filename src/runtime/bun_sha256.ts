import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

/** SHA-256 of one thing after the other. */
export interface Sha256 {
  update(bytes: Uint8Array): unknown;
  /** The hash of what came since the last one; its memory is used again for the next. */
  digest(): Uint8Array;
}

/** Bun's own begins anew after each digest; `node:crypto` needs an object for each. */
export function createSha256(): Sha256 {
  if ("Bun" in globalThis) {
    const hasher = new Bun.CryptoHasher("sha256");
    // Bun wants room for the longest of its hashes.
    const room = Buffer.alloc(64);
    return {
      update: (bytes) => hasher.update(bytes),
      digest: () => hasher.digest(room).subarray(0, 32),
    };
  }
  let hash = createHash("sha256");
  return {
    update: (bytes) => hash.update(bytes),
    digest() {
      const result = hash.digest();
      hash = createHash("sha256");
      return result;
    },
  };
}
