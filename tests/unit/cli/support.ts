import { resolvePaths } from "../../../src/base/paths.ts";
import type { Context, Output } from "../../../src/cli/command.ts";

/** Keeps what is written. */
export class Recorder implements Output {
  text = "";
  readonly closed = false;
  readonly isTTY = false;
  readonly columns = 80;
  readonly color = false;

  write(text: string): Promise<void> {
    this.text += text;
    return Promise.resolve();
  }
}

/** A context without a home, for commands that touch no files. */
export function fakeContext(
  { signal = new AbortController().signal, cwd = "/" }: { signal?: AbortSignal; cwd?: string } = {},
): Context & { stdout: Recorder; stderr: Recorder } {
  const env = {};
  return {
    cwd,
    env,
    home: "/nowhere",
    platform: "linux",
    paths: resolvePaths({ env, platform: "linux", home: "/nowhere" }),
    stdout: new Recorder(),
    stderr: new Recorder(),
    signal,
    version: "1.2.3",
  };
}
