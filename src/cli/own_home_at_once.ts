import process from "node:process";
import type { PlainDirectories } from "../base/plain_paths.ts";
import type { Look, Looks } from "../runtime/libc_at_once.ts";

/** False where root would act in another user's home, as `foreignDirectory()` says it. */
export function isOwnHome(
  { data, state, config, cache }: PlainDirectories,
  looks: Looks,
): boolean {
  return process.getuid?.() !== 0 ||
    [`${data}/store`, state, config, `${cache}/exec`].every((path) => nearest(looks, path)?.uid === 0);
}

/** The directory, or the one that it would be made in. */
function nearest(looks: Looks, path: string): Look | undefined {
  if (path === "") return looks.look("/");
  return looks.look(path) ?? nearest(looks, path.slice(0, path.lastIndexOf("/")));
}

/** As `isTerminal()` of the context says it of stdout; true where it is not known. */
export function isOnTerminal(looks: Looks): boolean {
  const stdout = looks.lookAtStdout();
  return stdout === undefined || (stdout.kind === "character" && !stdout.isNull);
}
