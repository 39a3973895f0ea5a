import process from "node:process";

/**
 * Whether this build honours failpoints. `scripts/build.ts` replaces the identifier with `false` in release
 * binaries (`bun build --define HAFT_TEST_BUILD=false`), and the minifier then drops the code; it is `true`
 * in the binary that the tests build, and when the sources run as they are.
 */
declare const HAFT_TEST_BUILD: boolean;

/** The steps at which a test can kill an install, in their order. */
export const FAILPOINTS = [
  "before-download",
  "mid-download",
  "mid-extract",
  "after-extract",
  "after-receipt",
  "before-rename",
  "after-aside",
  "after-rename",
] as const;
/** Beside them, the start of what the short ways of src/cli do without. */
export type Failpoint = typeof FAILPOINTS[number] | "core-loaded";

/** Dies as by `kill -9` when HAFT_FAILPOINT names this step. Does nothing in a release build. */
export function failpoint(name: Failpoint): void {
  const testing = typeof HAFT_TEST_BUILD === "undefined" ? true : HAFT_TEST_BUILD;
  if (testing && process.env["HAFT_FAILPOINT"] === name) process.kill(process.pid, "SIGKILL");
}
