import { assert, assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HaftError } from "../../../../src/base/errors.ts";
import type { FileHashes } from "../../../../src/tools/archive/file_hashes.ts";
import { hashTree } from "../../../../src/tools/install/hash_tree.ts";

function tree(files: number): Disposable & { root: string } {
  const root = mkdtempSync(join(tmpdir(), "haft-tree-"));
  mkdirSync(join(root, "lib"));
  for (let n = 0; n < files; n++) writeFileSync(join(root, "lib", String(n)), `file ${n}`);
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}

const signal = new AbortController().signal;

function linesOf(files: FileHashes): string {
  let text = "";
  for (const part of files.lines()) text += new TextDecoder().decode(part);
  return text;
}

Deno.test("hashTree() tells how far it is, and lets signs of life through", async () => {
  using made = tree(400);
  const messages: string[] = [];
  let turns = 0;
  const beat = setInterval(() => turns++, 0);
  const hashes = await hashTree(made.root, {
    tool: "widget",
    signal,
    report: (progress) =>
      messages.push(progress.state === "post_install" ? progress.message : progress.state),
  });
  clearInterval(beat);
  assertEquals(messages, Array.from({ length: 100 }, (_, n) => `hashing its files, ${n} %`));
  assert(turns > 0);
  const expected = Array.from({ length: 400 }, (_, n) => [
    `lib/${n}`,
    createHash("sha256").update(`file ${n}`).digest("hex"),
  ]).sort(([a = ""], [b = ""]) => a < b ? -1 : 1);
  const found = hashes.paths.map((path, n) => [path, Buffer.from(hashes.sha256(n)).toString("hex")]);
  assertEquals(found.sort(([a = ""], [b = ""]) => a < b ? -1 : 1), expected);
  assertEquals(linesOf(hashes), expected.map(([path, sha256]) => `${sha256}  ${path}\n`).join(""));
});

Deno.test("hashTree() ends with the signal's reason when it is aborted", async () => {
  using made = tree(400);
  const stop = new AbortController();
  const error = await assertRejects(() =>
    hashTree(made.root, {
      tool: "widget",
      signal: stop.signal,
      report: () => stop.abort(new Error("enough")),
    })
  );
  assertEquals(error, stop.signal.reason);
});

Deno.test("hashTree() refuses a link that leaves the tree, unless it may", async () => {
  using made = tree(1);
  symlinkSync("/", join(made.root, "out"));
  const options = { tool: "widget", signal, report: () => {} };
  await assertRejects(() => hashTree(made.root, options), HaftError, "leaves its directory");
  const { paths } = await hashTree(made.root, { ...options, leaves: (path) => path === "out" });
  assertEquals(paths, ["lib/0"]);
});
