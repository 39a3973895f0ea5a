import { statSync } from "node:fs";
import { join } from "node:path";
import { readTextFile } from "../../base/read_text_file.ts";
import { HASHES_FILE, type Receipt, RECEIPT_DIRECTORY } from "./receipt.ts";

const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

interface Installation {
  directory: string;
  receipt: Receipt;
}

/**
 * The first executable of an installation that is gone or was emptied: the file system lost it, or another
 * program did that. One look at each; what they hold is not read.
 *
 * @returns its path below the install directory
 */
export function lostExecutable({ directory, receipt }: Installation): string | undefined {
  const lost = Object.values(receipt.bin).filter((path) => isGoneOrEmpty(join(directory, path)));
  if (lost.length === 0) return undefined;
  // A package may come without a file that it names, or with an empty one.
  const hashes = installedHashes(directory);
  return lost.find((path) => hashes.has(path) && hashes.get(path) !== EMPTY);
}

/** What is wrong with the first of these installations that lost an executable. */
export function damageOf(installations: readonly Installation[]): string | undefined {
  const [lost] = installations.flatMap((one) => lostExecutable(one) ?? []);
  return lost === undefined ? undefined : `its file "${lost}" is missing or empty`;
}

/** SHA-256 of each regular file, in hexadecimal, by its path below the install directory. */
export function installedHashes(directory: string): Map<string, string> {
  let text: string;
  try {
    text = readTextFile(join(directory, RECEIPT_DIRECTORY, HASHES_FILE));
  } catch {
    // Without the list nothing can be said of them.
    return new Map();
  }
  return new Map(
    text.split("\n").filter((line) => line !== "").map((line) => [line.slice(66), line.slice(0, 64)]),
  );
}

function isGoneOrEmpty(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined || (found.isFile() && found.size === 0);
}
