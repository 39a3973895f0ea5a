import { statSync } from "node:fs";
import { dirname } from "node:path";
import { isOwn } from "./is_own.ts";
import { readOrSetAside } from "./set_aside.ts";

/**
 * What was remembered in a file, as {@link readOrSetAside} has it; undefined too where the file lies in a
 * directory that others may write to.
 */
export function readOwn<T>(path: string, parse: (text: string) => T): T | undefined {
  const directory = statSync(dirname(path), { throwIfNoEntry: false });
  return directory !== undefined && isOwn(directory) ? readOrSetAside(path, parse) : undefined;
}
