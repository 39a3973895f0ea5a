import { closeSync, openSync, readSync } from "node:fs";
import { Buffer } from "node:buffer";
import { delimiter, join } from "node:path";
import process from "node:process";
import { isProgram } from "../base/is_program.ts";
import { SHIM_MARK } from "./shim_mark.ts";

/**
 * The first program of that name on PATH that is not a shim of haft's: a shim would ask haft again. A shim is
 * known by its mark, so those of another store, or reached by a link, are left out as well.
 *
 * Links to other programs are not followed: what mise or volta put on PATH is one program that goes by the
 * name it is started with.
 */
export function programOnPath(
  name: string,
  { PATH = "" }: { PATH?: string | undefined },
): string | undefined {
  const file = process.platform === "win32" ? `${name}.exe` : name;
  return PATH.split(delimiter)
    // An empty entry is the current directory, whose programs are not the user's own.
    .filter((directory) => directory !== "")
    .map((directory) => join(directory, file))
    .find((path) => isProgram(path) && !isShim(path));
}

/** Whether a file is a shim of any haft. */
export function isShim(path: string): boolean {
  const head = Buffer.alloc(256);
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    // A program that may be run but not read is no shim: shims are readable.
    return false;
  }
  try {
    return head.toString("utf8", 0, readSync(file, head, 0, head.length, 0)).includes(SHIM_MARK);
  } finally {
    closeSync(file);
  }
}
