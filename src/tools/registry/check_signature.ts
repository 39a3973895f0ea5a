import { Buffer } from "node:buffer";
import { createPublicKey, verify } from "node:crypto";
import type { PackageManifest, PackageSignature } from "./package_manifest.ts";
import { SignatureError } from "./registry_error.ts";
import type { SigningKey } from "./signing_keys.ts";

/**
 * Checks one signature of a manifest: ECDSA P-256 over `name@version:integrity`.
 * @throws {SignatureError} when it is wrong, or when the key had expired before the version was published
 */
export function checkSignature(
  manifest: PackageManifest,
  signature: PackageSignature,
  { key }: { key: SigningKey },
): void {
  const { name, version, dist, publishedAt } = manifest;
  const id = `${name}@${version}`;
  if (!isSignatureOf(`${id}:${dist.integrity ?? ""}`, signature, key)) {
    throw new SignatureError(`The registry's signature of ${id} is wrong (key ${key.keyid})`);
  }
  // NaN, of a date that cannot be read, compares as false.
  if (
    key.expires !== null && publishedAt !== undefined && Date.parse(publishedAt) > Date.parse(key.expires)
  ) {
    throw new SignatureError(
      `The signature of ${id} was made with a key that had expired (key ${key.keyid}, ${key.expires})`,
    );
  }
}

function isSignatureOf(message: string, { sig }: PackageSignature, { key }: SigningKey): boolean {
  try {
    const publicKey = createPublicKey({ key: Buffer.from(key, "base64"), format: "der", type: "spki" });
    return verify(
      "sha256",
      Buffer.from(message),
      { key: publicKey, dsaEncoding: "der" },
      Buffer.from(sig, "base64"),
    );
  } catch {
    // What is no signature, or no key, proves nothing.
    return false;
  }
}
