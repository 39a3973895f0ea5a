import { assertEquals, assertThrows } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { packTar } from "modern-tar";
import { ArchiveError } from "../../../../src/tools/archive/archive_error.ts";
import { TarGzExtractor } from "../../../../src/tools/archive/tar_gz.ts";
import { type TarEntry, TarReader } from "../../../../src/tools/archive/tar_reader.ts";
import { TreeWriter } from "../../../../src/tools/archive/tree_writer.ts";

const encoder = new TextEncoder();

/** A header, with what follows it in whole blocks. */
function block(kind: string, name: string, { body = "", magic = "ustar\0", prefix = "" } = {}): Uint8Array {
  const content = encoder.encode(body);
  const bytes = new Uint8Array(512 + Math.ceil(content.length / 512) * 512);
  const put = (text: string, at: number) => bytes.set(encoder.encode(text), at);
  put(name, 0);
  put("0000644\0", 100);
  put(content.length.toString(8).padStart(11, "0"), 124);
  put(" ".repeat(8), 148);
  put(kind, 156);
  put(magic, 257);
  put(prefix, 345);
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, "0")}\0`, 148);
  bytes.set(content, 512);
  return bytes;
}

function pax(records: Record<string, string>): string {
  return Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    const length = rest.length + 2;
    return `${length}${rest}`;
  }).join("");
}

function read(blocks: readonly Uint8Array[], step: number): [TarEntry["kind"], string, string][] {
  const bytes = new Uint8Array([...blocks.flatMap((part) => [...part]), ...new Uint8Array(1024)]);
  const found: [TarEntry["kind"], string, string][] = [];
  const reader = new TarReader({
    entry: ({ kind, name, linkname }) => found.push([kind, name, linkname]),
    body: (part) => {
      const last = found.at(-1);
      if (last !== undefined) last[2] += new TextDecoder().decode(part);
    },
    done: () => {},
  });
  for (let from = 0; from < bytes.length; from += step) {
    const part = bytes.subarray(from, from + step);
    for (let at = 0; at < part.length;) at = reader.push(part, at);
  }
  reader.end();
  return found;
}

const ENTRIES: [what: string, blocks: Uint8Array[], entries: ReturnType<typeof read>][] = [
  ["a plain file", [block("0", "a", { body: "hello" })], [["file", "a", "hello"]]],
  ["an empty file", [block("\0", "a"), block("0", "b")], [["file", "a", ""], ["file", "b", ""]]],
  ["a prefix", [block("0", "b", { prefix: "a" })], [["file", "a/b", ""]]],
  ["GNU's magic, which has none", [block("0", "b", { prefix: "a", magic: "ustar " })], [["file", "b", ""]]],
  ["a directory by its name", [block("0", "a/")], [["directory", "a/", ""]]],
  [
    "GNU's long name and link",
    [block("L", "x", { body: "long\0" }), block("K", "x", { body: "target\0" }), block("2", "a")],
    [["symlink", "long", "target"]],
  ],
  [
    "POSIX records, for one entry",
    [block("x", "x", { body: pax({ path: "long", mtime: "1.5" }) }), block("0", "a"), block("0", "b")],
    [["file", "long", ""], ["file", "b", ""]],
  ],
  [
    "GNU's name and POSIX's target",
    [block("L", "x", { body: "gnu" }), block("x", "x", { body: pax({ linkpath: "b" }) }), block("2", "a")],
    [["symlink", "gnu", "b"]],
  ],
];

Deno.test("TarReader names entries by their headers and the metadata before them, however it is cut", () => {
  for (const [what, blocks, entries] of ENTRIES) {
    for (const step of [1, 500, 513, 100_000]) assertEquals(read(blocks, step), entries, what);
  }
});

Deno.test("TarReader refuses a tar that has one block of zeros only at its end", () => {
  const reader = new TarReader({ entry: () => {}, body: () => {}, done: () => {} });
  reader.push(new Uint8Array(512));
  assertThrows(() => reader.end(), ArchiveError, "cut short");
});

Deno.test("TarGzExtractor begins no file before the writer has room, with hundreds in one chunk", async () => {
  const root = mkdtempSync(join(tmpdir(), "haft-tar-"));
  try {
    const writer = new TreeWriter(root);
    const begin = writer.file.bind(writer);
    let closing = 0;
    let most = 0;
    writer.file = (...args) => {
      const file = begin(...args);
      return {
        write: (bytes) => file.write(bytes),
        async close() {
          most = Math.max(most, ++closing);
          await file.close();
          closing--;
        },
      };
    };
    const entries = Array.from({ length: 300 }, (_, n) => ({
      header: { name: `top/${n}`, type: "file" as const, size: n % 2 },
      body: new Uint8Array(n % 2),
    }));
    const extractor = new TarGzExtractor(writer, { strip: 1, into: "" });
    await extractor.write(gzipSync(await packTar(entries)));
    await extractor.end();
    assertEquals((await writer.finish()).paths.length, 300);
    assertEquals(most, 1);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
