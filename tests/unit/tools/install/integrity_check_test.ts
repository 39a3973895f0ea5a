import { assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { HaftError } from "../../../../src/base/errors.ts";
import { IntegrityCheck } from "../../../../src/tools/install/integrity_check.ts";
import { IntegrityError } from "../../../../src/tools/integrity.ts";

Deno.test("IntegrityCheck accepts the right bytes only, and needs a strong hash", () => {
  const bytes = Buffer.from("hello");
  for (const algorithm of ["sha256", "sha384", "sha512"]) {
    const integrity = `${algorithm}-${createHash(algorithm).update(bytes).digest("base64")}`;
    const check = new IntegrityCheck(integrity, "x");
    check.update(bytes.subarray(0, 2));
    check.update(bytes.subarray(2));
    check.verify("http://127.0.0.1/x");
    const wrong = new IntegrityCheck(integrity, "x");
    wrong.update(Buffer.from("hullo"));
    assertThrows(
      () => wrong.verify("http://user:secret@127.0.0.1/x"),
      IntegrityError,
      "Wrong hash for http://127.0.0.1/x:",
    );
  }
  const sha1 = `sha1-${createHash("sha1").update(bytes).digest("base64")}`;
  for (const weak of ["", sha1, "sha512-", "md5-xx"]) {
    assertThrows(() => new IntegrityCheck(weak, "x"), HaftError, "no sha256, sha384 or sha512");
  }
});
