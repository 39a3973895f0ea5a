import { type ChildProcess, spawn } from "node:child_process";
import { withUsersUmask } from "../../base/umask.ts";
import process from "node:process";
import { errorCode, errorMessage, HaftError } from "../../base/errors.ts";
import type { Program } from "../../process/command_line.ts";
import type { Exit } from "../../process/exit.ts";

export type FrontStdin = "terminal" | "input" | "none";

export interface FrontProcessOptions {
  program: Program;
  cwd: string;
  env: Readonly<Record<string, string>>;
  /**
   * `terminal`: haft's own, in whose foreground group the command stays, so that Ctrl-C reaches it by
   * itself. `input`: haft's stdin, which is no terminal.
   */
  stdin: FrontStdin;
  /** It writes to haft's own stdout and stderr, and nothing is passed on. */
  direct: boolean;
  onOutput: (stream: "stdout" | "stderr", chunk: Uint8Array) => Promise<void> | void;
}

export interface FrontProcess {
  pid: number;
  /** Resolves when it has ended and all of its output was passed on. */
  ended: Promise<Exit>;
  /** Sends a signal to the process, and to its group where it leads one. */
  signal(name: NodeJS.Signals): void;
}

/** Milliseconds for output that a process left behind keeps open after the command's end. */
const LAST_OUTPUT_MS = 500;

/** @throws {HaftError} naming the path, when it cannot be started */
export function startFront(options: FrontProcessOptions): Promise<FrontProcess> {
  const { program, cwd, env, stdin, direct, onOutput } = options;
  const terminal = stdin === "terminal";
  return new Promise((resolve, reject) => {
    const child = withUsersUmask(() =>
      spawn(program.file, program.args, {
        cwd,
        env: { ...env },
        detached: !terminal,
        windowsHide: !terminal,
        windowsVerbatimArguments: program.verbatim,
        stdio: [
          stdin === "none" ? "ignore" : "inherit",
          direct ? "inherit" : "pipe",
          direct ? "inherit" : "pipe",
        ],
      })
    );
    child.once("error", (error) => {
      reject(
        new HaftError(`Cannot run "${program.file}": ${errorCode(error) ?? errorMessage(error)}`, {
          cause: error,
        }),
      );
    });
    const { pid } = child;
    if (pid === undefined) return;
    resolve({ pid, ended: endOf(child, onOutput), signal: (name) => send(child, pid, name, !terminal) });
  });
}

async function endOf(child: ChildProcess, onOutput: FrontProcessOptions["onOutput"]): Promise<Exit> {
  const exit = new Promise<Exit>((resolve) =>
    child.once("exit", (code, signal) => resolve({ code, signal }))
  );
  const output = Promise.all([
    passOn(child.stdout, (chunk) => onOutput("stdout", chunk)),
    passOn(child.stderr, (chunk) => onOutput("stderr", chunk)),
  ]);
  const ended = await exit;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((resolve) => timer = setTimeout(resolve, LAST_OUTPUT_MS));
  await Promise.race([output, late]);
  clearTimeout(timer);
  child.stdout?.destroy();
  child.stderr?.destroy();
  return ended;
}

/** A reader that does not keep up holds the command back. */
async function passOn(
  stream: ChildProcess["stdout"],
  write: (chunk: Uint8Array) => Promise<void> | void,
): Promise<void> {
  if (stream === null) return;
  try {
    for await (const chunk of stream) await write(chunk);
  } catch {
    // Closed above, because another process keeps it open.
  }
}

function send(child: ChildProcess, pid: number, name: NodeJS.Signals, group: boolean): void {
  if (child.exitCode !== null || child.signalCode !== null) return;
  try {
    if (group && process.platform !== "win32") process.kill(-pid, name);
    else child.kill(name);
  } catch {
    // It has just ended.
  }
}
