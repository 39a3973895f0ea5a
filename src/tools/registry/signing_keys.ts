import * as v from "valibot";

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

/** `/-/npm/v1/keys`. Keys of other schemes are left aside: their signatures then count as made by an unknown key. */
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

/** The keys of the public registry, as they came with @sigstore/tuf. */
export async function embeddedKeys(): Promise<SigningKey[]> {
  const { default: seeds } = await import("@sigstore/tuf/seeds", { with: { type: "json" } });
  return parseSeeds(seeds);
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
