import { closeSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { syncDirectory, writeFully, type WrittenFile } from "../archive/tree_writer.ts";
import { HASHES_FILE, type Receipt, RECEIPT_DIRECTORY, RECEIPT_FILE } from "../store/receipt.ts";
import process from "node:process";

/** Writes `.haft/` into a staged tree: the hashes first, the receipt last. */
export function writeReceipt(
  staged: string,
  { receipt, files }: { receipt: Receipt; files: WrittenFile[] },
): void {
  const directory = join(staged, RECEIPT_DIRECTORY);
  mkdirSync(directory, { mode: 0o755 });
  const lines = files.map(({ path, sha256 }) => `${sha256}  ${path}\n`).sort(byPath);
  writeDurably(join(directory, HASHES_FILE), lines.join(""));
  writeDurably(join(directory, RECEIPT_FILE), receiptText(receipt));
  if (process.platform === "win32") return;
  syncDirectory(directory);
  syncDirectory(staged);
}

export function receiptText(receipt: Receipt): string {
  return `${JSON.stringify(receipt, null, 2)}\n`;
}

/** In the order of the paths' code units, whatever order the archive had. */
function byPath(a: string, b: string): number {
  const [left, right] = [a.slice(66), b.slice(66)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function writeDurably(path: string, text: string): void {
  const fd = openSync(path, "wx", 0o644);
  try {
    writeFully(fd, Buffer.from(text));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
