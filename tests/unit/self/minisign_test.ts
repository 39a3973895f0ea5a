import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { parsePublicKey, verifySignature } from "../../../src/self/minisign.ts";

// Made by minisign 0.11: a key without password, and a signature of "hello\n" in its newer, hashed form.
const publicKey = "RWQiG4qm7efVhHyBpCh2EQ6bmeftsdhnWX2yxPgScH1KoxFvmoBhay6S";
const signature = `untrusted comment: signature from minisign secret key
RUQiG4qm7efVhICaozkOqsbxSzSyq95NPyX5lzV60svNHY/I3pwlyDvCwlNqCFlF+WTysSw5vGfMAzOkf+gAE67w/gcO1wG4FgM=
trusted comment: timestamp:1795770372	file:file	hashed
9Ddq7dyvIEGaFVOQIbisiitbdK3Akwrmbmac/0Nt8glPx5C3YnQEimmqAwLqOE62cWOPF9pnXtseRX53HI/SBQ==
`;
const content = new TextEncoder().encode("hello\n");

Deno.test("verifySignature() accepts what minisign signed, and returns the trusted comment", () => {
  const comment = verifySignature(content, signature, parsePublicKey(publicKey));
  assertEquals(comment, "timestamp:1795770372\tfile:file\thashed");
});

const lines = signature.split("\n");
const line = (index: number) => lines[index] ?? "";
const otherKey = "RWRUGvUcxP5D7lrtgCVuro2YdF5SZv5OGBlDYvHJ97ve8zxt1Uc9945X";

const refused: [string, Uint8Array, string, string, RegExp][] = [
  [
    "another content",
    new TextEncoder().encode("hello"),
    signature,
    publicKey,
    /does not belong to this content/,
  ],
  ["another key", content, signature, otherKey, /was made with key/],
  [
    "a changed trusted comment",
    content,
    signature.replace("timestamp:1795770372", "timestamp:1795770373"),
    publicKey,
    /trusted comment was changed/,
  ],
  ["no trusted comment", content, [line(0), line(1), ""].join("\n"), publicKey, /not a minisign signature/],
  ["an empty text", content, "", publicKey, /not a minisign signature/],
  [
    "an unknown algorithm",
    content,
    signature.replace(line(1), btoa(`Xx${atob(line(1)).slice(2)}`)),
    publicKey,
    /unknown algorithm "Xx"/,
  ],
];

for (const [name, bytes, text, key, message] of refused) {
  Deno.test(`verifySignature() refuses ${name}`, () => {
    const error = assertThrows(() => verifySignature(bytes, text, parsePublicKey(key)), Error);
    assertMatch(error.message, message);
  });
}

Deno.test("parsePublicKey() reads the file that minisign writes, and refuses other texts", () => {
  const file = `untrusted comment: minisign public key\n${publicKey}\n`;
  assertEquals(parsePublicKey(file), parsePublicKey(publicKey));
  for (const text of ["", "hello", "AAAA", `${publicKey}AAAA`]) {
    assertThrows(() => parsePublicKey(text), TypeError, "not a public key");
  }
});
