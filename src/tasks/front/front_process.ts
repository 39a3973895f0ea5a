import { execFileSync } from "node:child_process";
import process from "node:process";
import { withUsersUmask } from "../../base/umask.ts";
import type { Program } from "../../process/command_line.ts";
import type { Exit } from "../../process/exit.ts";
import { readsTerminal } from "../../process/reads_terminal.ts";
import { startError } from "../../process/start_error.ts";
import { type OutputHandler, runtime, type StartedProgram } from "../../runtime/mod.ts";

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
  /** It has the terminal through one of its own, so that `onOutput` gets what it draws. */
  recorded: boolean;
  /** It writes to haft's own stdout and stderr, and nothing is passed on. */
  direct: boolean;
  onOutput: OutputHandler;
}

export interface FrontProcess {
  pid: number;
  /** Resolves when it has ended and all of its output was passed on. */
  ended: Promise<Exit>;
  /** Whether it waits for keys or for a line of the terminal, as a shell or a REPL does. */
  isAtPrompt(): boolean;
  /** Sends a signal to the process, and to its group where it leads one. */
  signal(name: NodeJS.Signals): void;
}

/** Milliseconds for output that a process left behind keeps open after the command's end. */
const LAST_OUTPUT_MS = 500;

/** @throws {HaftError} naming the path, when it cannot be started */
export async function startFront(options: FrontProcessOptions): Promise<FrontProcess> {
  const { program: { file, args, verbatim }, cwd, env, stdin, recorded, direct, onOutput } = options;
  const ownGroup = recorded || stdin !== "terminal";
  let child: StartedProgram;
  try {
    child = await withUsersUmask(() =>
      runtime.startProgram(file, args, {
        cwd,
        env,
        ownGroup,
        ownTerminal: recorded,
        stdin: stdin === "none" ? "ignore" : "inherit",
        output: direct ? "inherit" : onOutput,
        verbatim,
      })
    );
  } catch (error) {
    throw startError({ file, cwd }, error);
  }
  return {
    pid: child.pid,
    ended: endOf(child),
    isAtPrompt: () => (child.readsKeys?.() ?? terminalGivesKeys()) || readsTerminal(child.pid),
    signal: (name) => send(child, name, ownGroup),
  };
}

/** Whether haft's own terminal gives each key at once, and not line by line. Windows does not tell. */
function terminalGivesKeys(): boolean {
  if (process.platform === "win32") return true;
  try {
    return /(^|\s)-icanon\b/.test(
      execFileSync("stty", ["-a"], { encoding: "utf8", stdio: ["inherit", "pipe", "ignore"] }),
    );
  } catch {
    return false;
  }
}

async function endOf(child: StartedProgram): Promise<Exit> {
  const ended = await child.exited;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((resolve) => timer = setTimeout(resolve, LAST_OUTPUT_MS));
  await Promise.race([child.passedOn, late]);
  clearTimeout(timer);
  child.closeOutput();
  return ended;
}

function send({ pid, hasExited }: StartedProgram, name: NodeJS.Signals, group: boolean): void {
  if (hasExited) return;
  try {
    process.kill(group && process.platform !== "win32" ? -pid : pid, name);
  } catch {
    // It has just ended.
  }
}
