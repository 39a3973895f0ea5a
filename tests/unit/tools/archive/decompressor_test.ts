import { assertEquals, assertRejects } from "@std/assert";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { packTar } from "modern-tar";
import { ArchiveError } from "../../../../src/tools/archive/archive_error.ts";
import type { TarFormat } from "../../../../src/tools/archive/decompressor.ts";
import { TarGzExtractor } from "../../../../src/tools/archive/tar_gz.ts";
import { TreeWriter } from "../../../../src/tools/archive/tree_writer.ts";

function compressedBy(program: string): (tar: Uint8Array) => Uint8Array | undefined {
  return (tar) => {
    const { status, stdout } = spawnSync(program, ["-c"], { input: tar, maxBuffer: 2 ** 28 });
    return status === 0 ? stdout : undefined;
  };
}

const FORMATS: Record<TarFormat, (tar: Uint8Array) => Uint8Array | undefined> = {
  "tar.gz": gzipSync,
  "tar.zst": zstdCompressSync,
  "tar.xz": compressedBy("xz"),
  "tar.bz2": compressedBy("bzip2"),
};

/** Unpacks in pieces of a size, as a download brings them. */
async function unpack(bytes: Uint8Array, format: TarFormat, step: number): Promise<Record<string, number>> {
  const root = mkdtempSync(join(tmpdir(), "haft-tar-"));
  try {
    const writer = new TreeWriter(root);
    const extractor = new TarGzExtractor(writer, { strip: 1, into: "" }, format);
    try {
      for (let at = 0; at < bytes.length; at += step) await extractor.write(bytes.subarray(at, at + step));
      await extractor.end();
    } catch (error) {
      await extractor.abort();
      throw error;
    }
    const { paths } = await writer.finish();
    return Object.fromEntries(paths.map((path) => [path, readFileSync(join(root, path)).length]));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

for (const [format, compress] of Object.entries(FORMATS) as [TarFormat, typeof FORMATS[TarFormat]][]) {
  Deno.test(`a ${format} unpacks as it arrives; damaged or cut short, it is refused`, async () => {
    const body = new Uint8Array(700_000).map((_, index) => (index * index) % 251);
    const entry = (name: string, bytes: Uint8Array) => ({
      header: { name, type: "file" as const, size: bytes.length },
      body: bytes,
    });
    const tar = await packTar([entry("top/a", body), entry("top/b/c", new Uint8Array([1]))]);
    const bytes = compress(tar);
    if (bytes === undefined) return;
    for (const step of [97_000, 10_000_000]) {
      assertEquals(await unpack(bytes, format, step), { a: 700_000, "b/c": 1 });
    }
    await assertRejects(() => unpack(bytes.subarray(0, bytes.length >> 1), format, 50_000), ArchiveError);
    const damaged = bytes.map((byte, index) =>
      index > bytes.length / 3 && index < bytes.length / 2 ? byte ^ 0x55 : byte
    );
    // A zstd without checksum cannot tell; the hash of the whole download does.
    if (format !== "tar.zst") await assertRejects(() => unpack(damaged, format, 50_000), ArchiveError);
    await assertRejects(
      () => unpack(new TextEncoder().encode("<html>not it</html>"), format, 50_000),
      ArchiveError,
    );
  });
}
