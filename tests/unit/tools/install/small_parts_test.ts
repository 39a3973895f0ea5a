import { assert, assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { HaftError } from "../../../../src/base/errors.ts";
import type { InstallProgress } from "../../../../src/protocol/install.ts";
import { lockedIntegrity, withoutAddresses } from "../../../../src/tools/install/bun_lock.ts";
import { explainDiskError } from "../../../../src/tools/install/disk_error.ts";
import { IntegrityCheck } from "../../../../src/tools/install/integrity_check.ts";
import { IntegrityError } from "../../../../src/tools/lockfile/integrity.ts";
import { packageBin } from "../../../../src/tools/install/package_bin.ts";
import { DownloadProgress } from "../../../../src/tools/install/progress.ts";

const LOCK = `{
  "lockfileVersion": 2,
  "packages": {
    "@a/b": ["@a/b@1.0.0", "http://127.0.0.1:1/@a/b/-/b-1.0.0.tgz", { "bin": "./b.js" }, "sha512-AAAA=="],

    "c": ["c@2.0.0", "", {}, "sha512-BBBB=="],
  }
}
`;

Deno.test("lockedIntegrity() finds a package at exactly its version", () => {
  assertEquals(lockedIntegrity(LOCK, "@a/b", "1.0.0"), "sha512-AAAA==");
  assertEquals(lockedIntegrity(LOCK, "c", "2.0.0"), "sha512-BBBB==");
  assertEquals(lockedIntegrity(LOCK, "c", "2.0.1"), undefined);
  assertEquals(lockedIntegrity(LOCK, "b", "1.0.0"), undefined);
});

Deno.test("withoutAddresses() empties addresses and touches nothing else", () => {
  const clean = withoutAddresses(LOCK);
  assertStringIncludes(clean, '"@a/b": ["@a/b@1.0.0", "", { "bin"');
  assert(!clean.includes("127.0.0.1"));
  assertEquals(withoutAddresses(clean), clean);
});

Deno.test("packageBin() reads both forms of bin", () => {
  const below = "node_modules/x";
  const bin = (fields: unknown) => packageBin(JSON.stringify(fields), { below });
  assertEquals(bin({ name: "@a/x", bin: "./cli.js" }), { x: "node_modules/x/cli.js" });
  assertEquals(bin({ name: "x", bin: { a: "bin/a.js", b: "./bin//b.js" } }), {
    a: "node_modules/x/bin/a.js",
    b: "node_modules/x/bin/b.js",
  });
  assertEquals(bin({ name: "x" }), {});
});

Deno.test("packageBin() refuses names and paths that lead elsewhere", () => {
  for (
    const bin of [{ "..": "a.js" }, { "a/b": "a.js" }, { a: "../../x.js" }, { a: "/bin/sh" }, { "": "x" }, {
      "a\\b": "x",
    }]
  ) {
    assertThrows(() => packageBin(JSON.stringify({ name: "x", bin }), { below: "n" }));
  }
});

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

Deno.test("explainDiskError() names the path, the reason and the next step", () => {
  for (
    const [code, words] of [["ENOSPC", "disk is full"], ["EROFS", "read-only"], [
      "EACCES",
      "permission denied",
    ]]
  ) {
    const explained = explainDiskError(Object.assign(new Error("os"), { code, path: "/p/q" }), "/fallback");
    assertInstanceOf(explained, HaftError);
    assertStringIncludes(explained.message, "/p/q");
    assertStringIncludes(explained.message, words ?? "");
    assert(explained.next !== undefined);
  }
  const other = new Error("other");
  assertEquals(explainDiskError(other, "/x"), other);
});

Deno.test("DownloadProgress reports whole percents once, over all artifacts", () => {
  const seen: InstallProgress[] = [];
  const progress = new DownloadProgress("t", { report: (event) => seen.push(event), count: 2 });
  progress.begin(0);
  for (let bytes = 1; bytes <= 1000; bytes++) progress.update({ bytes, total: 1000 });
  progress.begin(1);
  for (let bytes = 1; bytes <= 500; bytes++) progress.update({ bytes, total: 500 });
  const downloading = seen.flatMap((event) => event.state === "downloading" ? [event] : []);
  assert(downloading.length <= 102, `${downloading.length} reports`);
  assertEquals(downloading.at(-1), {
    state: "downloading",
    tool: "t",
    percent: 100,
    bytes_downloaded: 1500,
    total_bytes: 1500,
  });
  const percents = downloading.map(({ percent }) => percent ?? -1);
  assertEquals(percents, percents.toSorted((a, b) => a - b));
});
