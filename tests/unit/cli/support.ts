import { resolvePaths } from "../../../src/base/paths.ts";
import type { Context } from "../../../src/cli/command.ts";
import { SinkOutput } from "../../../src/cli/output.ts";

/** Keeps what is written, as a pipe would get it. */
export class Recorder extends SinkOutput {
  text = "";

  constructor({ isTTY = false, color = false }: { isTTY?: boolean; color?: boolean } = {}) {
    const put = (text: string) => {
      this.text += text;
      return Promise.resolve();
    };
    super({
      put: (text) => put(typeof text === "string" ? text : new TextDecoder().decode(text)),
      closed: false,
      isTTY,
      columns: 80,
    }, { color });
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
    stdin: { isTTY: false },
    stdout: new Recorder(),
    stderr: new Recorder(),
    signal,
    lendTerminal: () => ({ interrupted: false, [Symbol.dispose]() {} }),
    onFurtherSignal: () => ({ [Symbol.dispose]() {} }),
    version: "1.2.3",
  };
}
