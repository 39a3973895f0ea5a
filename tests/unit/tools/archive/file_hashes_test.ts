import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { FileHashes } from "../../../../src/tools/archive/file_hashes.ts";

function linesOf(files: FileHashes): string {
  let text = "";
  for (const part of files.lines()) text += new TextDecoder().decode(part);
  return text;
}

Deno.test("FileHashes gives its lines in the order of the paths' code units, however many there are", () => {
  const names = Array.from({ length: 2_500 }, (_, n) => `${n % 2 === 0 ? "B" : "a"}/${(n * 7_919) % 2_500}`);
  const files = new FileHashes();
  for (const name of names) files.add(name, createHash("sha256").update(name).digest());
  const lines = names.toSorted((a, b) => a < b ? -1 : 1)
    .map((name) => `${createHash("sha256").update(name).digest("hex")}  ${name}\n`);
  assertEquals(linesOf(files), lines.join(""));
});
