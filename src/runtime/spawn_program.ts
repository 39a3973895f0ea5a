import { type ChildProcess, spawn } from "node:child_process";
import type { ProgramOptions, StartedProgram } from "./types.ts";

/** {@link Runtime.startProgram} by node:child_process. */
export function spawnProgram(
  file: string,
  args: readonly string[],
  { cwd, env, ownGroup, stdin, output, verbatim }: ProgramOptions,
): Promise<StartedProgram> {
  return new Promise((resolve, reject) => {
    const stdio = output === "inherit" ? "inherit" : "pipe";
    const child = spawn(file, args, {
      cwd,
      env: { ...env },
      detached: ownGroup,
      windowsHide: ownGroup,
      windowsVerbatimArguments: verbatim,
      stdio: [stdin, stdio, stdio],
    });
    child.once("error", reject);
    const { pid } = child;
    if (pid === undefined) return;
    const passedOn = output === "inherit" ? Promise.resolve() : Promise.all([
      passOn(child.stdout, (chunk) => output("stdout", chunk)),
      passOn(child.stderr, (chunk) => output("stderr", chunk)),
    ]).then(() => {});
    resolve({
      pid,
      exited: new Promise((ended) => child.once("exit", (code, signal) => ended({ code, signal }))),
      passedOn,
      closeOutput() {
        child.stdout?.destroy();
        child.stderr?.destroy();
      },
      get hasExited() {
        return child.exitCode !== null || child.signalCode !== null;
      },
    });
  });
}

/** A reader that does not keep up holds the program back. */
async function passOn(
  stream: ChildProcess["stdout"],
  write: (chunk: Uint8Array) => Promise<boolean> | boolean,
): Promise<void> {
  if (stream === null) return;
  try {
    // Leaving the loop closes the stream.
    for await (const chunk of stream) if (!await write(chunk)) return;
  } catch {
    // Closed, because another process keeps it open.
  }
}
