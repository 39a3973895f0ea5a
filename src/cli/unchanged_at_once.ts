import type { Looks } from "../runtime/libc_at_once.ts";
import { ABSENT, type Fingerprints, lookOf, looksLike } from "../tools/project/looks.ts";

/** Whether every file is as it was, as `unchanged()` says it, without `node:fs`. */
export function unchangedAtOnce(files: Fingerprints, looks: Looks): boolean {
  return looksLike(files, (path) => {
    const look = looks.fingerprint(path);
    return look === undefined ? ABSENT : look === "" ? "" : lookOf(look);
  });
}
