import { Buffer } from "node:buffer";
import { createPublicKey, verify } from "node:crypto";
import * as v from "valibot";
import type { PackageManifest, PackageSignature } from "./package_metadata.ts";
import { SignatureError } from "./registry_error.ts";

/** A registry's public key. */
export const SigningKey = v.object({
  keyid: v.string(),
  /** SubjectPublicKeyInfo, DER in base64. */
  key: v.string(),
  /** ISO date after which it signs nothing; null while it does. */
  expires: v.nullable(v.string()),
});
export type SigningKey = v.InferOutput<typeof SigningKey>;

export const SigningKeys = v.array(SigningKey);

/**
 * `/-/npm/v1/keys`. Keys of other schemes are left aside: their signatures then count as made by an unknown
 * key.
 */
const ServedKeys = v.object({
  keys: v.array(v.object({
    keyid: v.string(),
    key: v.string(),
    scheme: v.optional(v.string(), "ecdsa-sha2-nistp256"),
    expires: v.optional(v.nullable(v.string()), null),
  })),
});

/** @throws when it is no list of keys */
export function parseServedKeys(json: unknown): SigningKey[] {
  return v.parse(ServedKeys, json).keys
    .filter(({ scheme }) => scheme === "ecdsa-sha2-nistp256")
    .map(({ keyid, key, expires }) => ({ keyid, key, expires }));
}

/** What @sigstore/tuf carries: for each repository the files that it begins with, in base64. */
const Seeds = v.record(v.string(), v.object({ targets: v.record(v.string(), v.string()) }));

const SeedKeys = v.object({
  keys: v.array(v.object({
    keyId: v.string(),
    keyUsage: v.string(),
    publicKey: v.object({
      rawBytes: v.string(),
      keyDetails: v.string(),
      validFor: v.optional(v.object({ end: v.optional(v.string()) }), {}),
    }),
  })),
});

let embedded: Promise<SigningKey[]> | undefined;

/** The keys of the public registry, as they came with @sigstore/tuf. */
export function embeddedKeys(): Promise<readonly SigningKey[]> {
  return embedded ??= import("@sigstore/tuf/seeds", { with: { type: "json" } })
    .then(({ default: seeds }) => parseSeeds(seeds));
}

/** Pure part of {@link embeddedKeys}. Files are named `HOST/keys.json`, with the slash encoded. */
export function parseSeeds(seeds: unknown): SigningKey[] {
  return Object.values(v.parse(Seeds, seeds))
    .flatMap(({ targets }) => Object.entries(targets))
    .filter(([name]) => /(?:%2f|\/)keys\.json$/i.test(name))
    .flatMap(([, text]) => v.parse(SeedKeys, JSON.parse(atob(text))).keys)
    .filter(({ keyUsage, publicKey }) =>
      keyUsage === "npm:signatures" && publicKey.keyDetails === "PKIX_ECDSA_P256_SHA_256"
    )
    .map(({ keyId, publicKey }) => ({
      keyid: keyId,
      key: publicKey.rawBytes,
      expires: publicKey.validFor.end ?? null,
    }));
}

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
