import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { createUser, fromPublic, fromSeed } from "@nats-io/nkeys";
import { createUserKey, isSignedBy, userKey } from "../../../src/fleet/nkey.ts";

const message = new TextEncoder().encode("what is signed");

Deno.test("createUserKey() makes keys that NATS's own library reads, and whose signatures it accepts", () => {
  const key = createUserKey();
  assertEquals(fromSeed(new TextEncoder().encode(key.seed)).getPublicKey(), key.publicKey);
  assertEquals(fromPublic(key.publicKey).verify(message, key.sign(message)), true);
  assertNotEquals(createUserKey().seed, key.seed);
});

Deno.test("userKey() reads keys that NATS's own library made, and isSignedBy() accepts their signatures", () => {
  const theirs = createUser();
  const key = userKey(new TextDecoder().decode(theirs.getSeed()));
  assertEquals(key.publicKey, theirs.getPublicKey());
  assertEquals(isSignedBy(key.publicKey, message, theirs.sign(message)), true);
});

Deno.test("isSignedBy() refuses another key, another message, a changed signature and what is no key", () => {
  const key = createUserKey();
  const signature = key.sign(message);
  assertEquals(isSignedBy(createUserKey().publicKey, message, signature), false);
  assertEquals(isSignedBy(key.publicKey, new TextEncoder().encode("another"), signature), false);
  assertEquals(isSignedBy(key.publicKey, message, signature.with(0, (signature[0] ?? 0) ^ 1)), false);
  assertEquals(isSignedBy(key.publicKey, message, new Uint8Array(0)), false);
  for (const text of ["", "U", "nobody", key.seed, `${key.publicKey}A`]) {
    assertEquals(isSignedBy(text, message, signature), false);
  }
});

Deno.test("userKey() refuses a seed with a letter changed, and keys that are no user's", () => {
  const { seed, publicKey } = createUserKey();
  const last = seed.at(-1) === "A" ? "B" : "A";
  assertThrows(() => userKey(seed.slice(0, -1) + last));
  assertThrows(() => userKey(publicKey));
  assertThrows(() => userKey("SOAKJK4AJZ525U3ZRSWCTDLPGHV3AMRVIEAINLQSPGL5O34H3FZ34F55MQ"));
});
