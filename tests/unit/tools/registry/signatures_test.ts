import { assert, assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { createPublicKey } from "node:crypto";
import { embeddedKeys, parseSeeds, parseServedKeys } from "../../../../src/tools/registry/signatures.ts";

Deno.test("embeddedKeys() are P-256 keys, of which one does not expire", async () => {
  const keys = await embeddedKeys();
  assert(keys.length > 0);
  assert(keys.some(({ expires }) => expires === null));
  for (const { keyid, key } of keys) {
    assert(keyid.startsWith("SHA256:"));
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey({
      key: Buffer.from(key, "base64"),
      format: "der",
      type: "spki",
    });
    assertEquals([asymmetricKeyType, asymmetricKeyDetails?.namedCurve], ["ec", "prime256v1"]);
  }
});

Deno.test("parseSeeds() takes the keys for package signatures alone", () => {
  const publicKey = {
    rawBytes: "AAAA",
    keyDetails: "PKIX_ECDSA_P256_SHA_256",
    validFor: { end: "2030-01-01" },
  };
  const keys = [
    { keyId: "right", keyUsage: "npm:signatures", publicKey },
    { keyId: "use", keyUsage: "npm:attestations", publicKey },
    { keyId: "kind", keyUsage: "npm:signatures", publicKey: { ...publicKey, keyDetails: "PKIX_ED25519" } },
  ];
  const targets = { "npm.example%2Fkeys.json": btoa(JSON.stringify({ keys })), "other.json": btoa("{}") };
  assertEquals(parseSeeds({ "https://tuf.example": { "root.json": "", targets } }), [
    { keyid: "right", key: "AAAA", expires: "2030-01-01" },
  ]);
});

Deno.test("parseServedKeys() leaves other schemes aside and refuses what is no list of keys", () => {
  const key = { keyid: "a", key: "AAAA", scheme: "ecdsa-sha2-nistp256", expires: null };
  assertEquals(parseServedKeys({ keys: [key, { ...key, keyid: "b", scheme: "rsa" }] }), [
    { keyid: "a", key: "AAAA", expires: null },
  ]);
  assertThrows(() => parseServedKeys({ error: "not found" }));
});
