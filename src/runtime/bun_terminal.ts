import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { terminalColumns, terminalRows } from "../base/terminal_size.ts";
import { withExactVariables } from "./exact_variables.ts";
import type { OutputHandler, ProgramOptions, StartedProgram } from "./types.ts";

/**
 * Runs a program on a pseudoterminal between it and haft's own terminal, so that what it draws can be kept.
 *
 * haft's terminal is in raw mode meanwhile, and every key goes to the pseudoterminal, whose own line
 * discipline makes signals of Ctrl-C and Ctrl-\. Ctrl-Z it could not: the program leads its session, and the
 * kernel stops no group without a parent in the same session. So haft stops that group, and then its own job.
 */

/** The flag of c_lflag with which Ctrl-C and Ctrl-Z make signals. */
const ISIG = process.platform === "linux" ? 0x1 : 0x80;
/** The flag of c_lflag for input line by line. */
const ICANON = process.platform === "linux" ? 0x2 : 0x100;
const CTRL_C = 0x03;
const CTRL_Z = 0x1a;
/** Milliseconds in which a signal has stopped haft. */
const UNSTOPPED_MS = 200;

export function startInTerminal(
  file: string,
  args: readonly string[],
  { cwd, env }: Pick<ProgramOptions, "cwd" | "env">,
  output: OutputHandler,
): Promise<StartedProgram> {
  const exit = Promise.withResolvers<{ code: number | null; signal: string | null }>();
  const drained = Promise.withResolvers<void>();
  let last: Promise<boolean> | boolean;
  const child = Bun.spawn(withExactVariables(file, args, env), {
    cwd,
    env,
    terminal: {
      ...sizeOfOwn(),
      data: (_, chunk) => {
        last = output("stdout", chunk);
      },
      exit: () => drained.resolve(),
    },
    onExit: (_, code, signal) => {
      keys[Symbol.dispose]();
      exit.resolve({
        code: signal === null ? code : null,
        signal: typeof signal === "number" ? `signal ${signal}` : signal,
      });
    },
  });
  const { terminal } = child;
  const keys = passKeys(terminal, child.pid);
  return Promise.resolve({
    pid: child.pid,
    exited: exit.promise,
    passedOn: drained.promise.then(() => last).then(() => {}),
    get hasExited() {
      return child.exitCode !== null || child.signalCode !== null;
    },
    readsKeys: () => (terminal.localFlags & ICANON) === 0,
    closeOutput: () => terminal.close(),
  });
}

function sizeOfOwn(): { cols: number; rows: number } {
  const { columns, rows } = process.stdout;
  return { cols: terminalColumns(columns), rows: terminalRows(rows) };
}

/** Hands keys and size of haft's terminal on until it is disposed of. */
function passKeys(terminal: Bun.Terminal, pid: number): Disposable {
  const { stdin } = process;
  const onKeys = (keys: Uint8Array) => {
    if ((terminal.localFlags & ISIG) !== 0) {
      // haft's own handler remembers it; the pseudoterminal signals the program.
      if (keys.includes(CTRL_C)) process.kill(process.pid, "SIGINT");
      const at = keys.indexOf(CTRL_Z);
      // A shell in there that runs jobs stops them itself.
      if (at !== -1 && foregroundGroup(pid) === pid) {
        terminal.write(keys.subarray(0, at));
        suspend();
        return;
      }
    }
    terminal.write(keys);
  };
  const onResize = () => {
    const { cols, rows } = sizeOfOwn();
    terminal.resize(cols, rows);
  };
  const suspend = () => {
    signalGroup(pid, "SIGSTOP");
    release();
    process.kill(0, "SIGTSTP");
    // Without a shell that could continue it, haft was not stopped.
    setTimeout(onContinue, UNSTOPPED_MS).unref();
  };
  const before = stty("-g");
  const take = () => {
    stty("raw", "-echo");
    stdin.resume();
  };
  const release = () => {
    stdin.pause();
    if (before !== "") stty(before);
  };
  const onContinue = () => {
    // In the background (`bg`), setting the terminal would stop haft again.
    if (foregroundGroup(process.pid) === ownGroup()) take();
    onResize();
    signalGroup(pid, "SIGCONT");
  };
  // A terminal that was closed: SIGHUP says so.
  const onError = () => {};
  stdin.on("error", onError);
  stdin.on("data", onKeys);
  process.on("SIGWINCH", onResize);
  process.on("SIGCONT", onContinue);
  take();
  return {
    [Symbol.dispose]: () => {
      stdin.off("data", onKeys);
      process.off("SIGWINCH", onResize);
      process.off("SIGCONT", onContinue);
      if (foregroundGroup(process.pid) === ownGroup()) release();
    },
  };
}

/** Raw mode of stty, as that of the runtime still adds a carriage return to each line feed. */
function stty(...args: string[]): string {
  try {
    return execFileSync("stty", args, { encoding: "utf8", stdio: ["inherit", "pipe", "ignore"] }).trim();
  } catch {
    return "";
  }
}

function signalGroup(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch {
    // It has just ended.
  }
}

function ownGroup(): number {
  return processNumber(process.pid, "pgid");
}

/** The group that has the terminal of a process. */
function foregroundGroup(pid: number): number {
  return processNumber(pid, "tpgid");
}

function processNumber(pid: number, field: "pgid" | "tpgid"): number {
  try {
    if (process.platform !== "linux") {
      return Number(execFileSync("ps", ["-o", `${field}=`, "-p", String(pid)], { encoding: "utf8" }));
    }
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(fields[field === "pgid" ? 2 : 5]);
  } catch {
    return -1;
  }
}
