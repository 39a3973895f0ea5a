import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ArchiveError } from "../../src/tools/archive/archive_error.ts";
import { TarGzExtractor } from "../../src/tools/archive/tar_gz.ts";
import { TreeWriter } from "../../src/tools/archive/tree_writer.ts";
import { extractZip } from "../../src/tools/archive/zip.ts";
import type { ArchiveCase } from "./archive_corpus.ts";

/** How an archive of the corpus is unpacked. */
export type Extract = (archive: ArchiveCase, writer: TreeWriter, sandbox: string) => Promise<void>;

/** In pieces of the given size: a header that lies across two chunks must be seen, too. */
export function tarInPieces(size: number): Extract {
  return async ({ bytes, strip = 0 }, writer) => {
    const extractor = new TarGzExtractor(writer, { strip, into: "" });
    try {
      for (let at = 0; at < bytes.length; at += size) await extractor.write(bytes.subarray(at, at + size));
      await extractor.end();
    } catch (error) {
      await extractor.abort();
      throw error;
    }
  };
}

export async function zipFromFile(
  { bytes, strip = 0 }: ArchiveCase,
  writer: TreeWriter,
  sandbox: string,
): Promise<void> {
  const file = join(sandbox, "archive.zip");
  writeFileSync(file, bytes);
  try {
    await extractZip(file, { writer, placement: { strip, into: "" } });
  } finally {
    await writer.settle();
    rmSync(file, { force: true });
  }
}

/** The tree in the words of the corpus. */
function treeBelow(root: string): Record<string, string> {
  const tree: Record<string, string> = {};
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const { mode } = lstatSync(path);
    const key = path.slice(root.length + 1);
    if (entry.isSymbolicLink()) tree[key] = `-> ${readlinkSync(path)}`;
    else if (entry.isDirectory()) {
      assertEquals(mode & 0o7777, 0o755);
      tree[key] = "dir";
    } else {
      assert((mode & 0o7777) === 0o755 || (mode & 0o7777) === 0o644, `${key} has mode ${mode.toString(8)}`);
      tree[key] = `${(mode & 0o111) === 0 ? "f" : "x"} ${readFileSync(path, "utf8")}`;
    }
  }
  return tree;
}

/**
 * Unpacks below a directory that is surrounded by canaries; gives what was refused, after proving they are
 * untouched.
 */
async function unpackGuarded(archive: ArchiveCase, extract: Extract): Promise<unknown> {
  const sandbox = mkdtempSync(join(tmpdir(), "haft-corpus-"));
  try {
    const root = join(sandbox, "a", "b", "root");
    mkdirSync(root, { recursive: true });
    for (const canary of ["canary", "a/canary", "a/b/canary", "a/b/outside", "a/evil-target"]) {
      writeFileSync(join(sandbox, canary), "alive");
    }
    const before = treeBelow(sandbox);
    const { platform = "linux", limits } = archive;
    const writer = new TreeWriter(root, { platform, ...(limits === undefined ? {} : { limits }) });
    let refused: unknown;
    let files: readonly string[] = [];
    try {
      await extract(archive, writer, sandbox);
      files = (await writer.finish()).paths;
    } catch (error) {
      refused = error;
    }
    await writer.settle();
    if (refused === undefined && "tree" in archive.expected) {
      const tree = treeBelow(root);
      assertEquals(tree, archive.expected.tree, archive.name);
      const regular = Object.keys(tree).filter((path) => /^[fx] /.test(tree[path] ?? "")).sort();
      assertEquals(files.toSorted(), regular);
    }
    rmSync(root, { recursive: true });
    const after = treeBelow(sandbox);
    delete before["a/b/root"];
    assertEquals(after, before, `${archive.name} wrote outside`);
    return refused;
  } finally {
    rmSync(sandbox, { recursive: true, force: true });
  }
}

/**
 * Unpacks one case and compares with what the corpus expects. Uses no runtime's own API, so that Bun can run
 * it.
 */
export async function checkCase(archive: ArchiveCase, extract: Extract): Promise<void> {
  const refused = await unpackGuarded(archive, extract);
  if ("tree" in archive.expected) {
    if (refused !== undefined) throw new Error(`${archive.name} was refused`, { cause: refused });
    return;
  }
  assert(refused !== undefined, `${archive.name} passed silently`);
  if (!(refused instanceof ArchiveError)) {
    throw new Error(`${archive.name}: not an ArchiveError`, { cause: refused });
  }
  assertMatch(refused.message, archive.expected.refused, archive.name);
  // deno-lint-ignore no-control-regex
  assert(!/[\u0000-\u001f\u007f]/.test(refused.message), `${archive.name}: control character in the message`);
}
