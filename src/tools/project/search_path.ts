import { delimiter } from "node:path";

/**
 * PATH with these directories first. An unset or empty one adds nothing: an empty entry would be the current
 * directory.
 */
export function searchPath(directories: readonly string[], inherited: string | undefined): string {
  return [...directories, ...(inherited === undefined || inherited === "" ? [] : [inherited])].join(
    delimiter,
  );
}
