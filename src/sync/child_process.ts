import { spawn } from "node:child_process";
import process from "node:process";
import { StringDecoder } from "node:string_decoder";
import { HaftError } from "../base/errors.ts";

/** How a child ended. */
export interface ChildExit {
  code: number | null;
  signal: string | null;
}

/** A child with its last output. It leads a process group, so that `stop` ends what it started too. */
export interface Child {
  readonly pid: number;
  /** Resolves when it has ended; never rejects. */
  readonly exited: Promise<ChildExit>;
  /** What the ring still holds of stdout and stderr. */
  lastWords(): string;
  /** SIGTERM to the whole group, SIGKILL after the grace; resolves when the child has ended. */
  stop(graceMs: number): Promise<ChildExit>;
}

const RING = 8 * 1024;

/** @throws {HaftError} when it cannot be started */
export async function startChild(
  command: readonly string[],
  { cwd, env }: { cwd: string; env: Readonly<Record<string, string | undefined>> },
): Promise<Child> {
  const [file = "", ...args] = command;
  const child = spawn(file, args, {
    cwd,
    env: { ...env },
    // A session of its own: Ctrl-C reaches haft alone, which then stops its children in order.
    detached: process.platform !== "win32",
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
  });
  let words = "";
  const keep = (stream: NodeJS.ReadableStream | null) => {
    const decoder = new StringDecoder("utf8");
    stream?.on("data", (chunk: Uint8Array) => words = (words + decoder.write(chunk)).slice(-RING));
    stream?.on("error", () => {});
  };
  keep(child.stdout);
  keep(child.stderr);
  const exited = new Promise<ChildExit>((resolve) => {
    // "exit", not "close": a grandchild may hold the pipes open for as long as it likes.
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  const { pid } = child;
  if (pid === undefined) {
    const error = await new Promise<Error>((resolve) => child.once("error", resolve));
    throw new HaftError(`Cannot start "${file}": ${error.message}`, { cause: error });
  }
  child.on("error", () => {});
  const kill = (signal: "SIGTERM" | "SIGKILL") => {
    try {
      if (process.platform === "win32") child.kill(signal);
      else process.kill(-pid, signal);
    } catch {
      // It has ended already.
    }
  };
  return {
    pid,
    exited,
    lastWords: () => words,
    async stop(graceMs) {
      kill("SIGTERM");
      const timer = setTimeout(() => kill("SIGKILL"), graceMs);
      const exit = await exited;
      clearTimeout(timer);
      // The child's own children end with it. The group's number stays theirs while any of them lives.
      kill("SIGKILL");
      child.stdout?.destroy();
      child.stderr?.destroy();
      return exit;
    },
  };
}

/** The last line with anything on it. */
export function lastLine(text: string): string {
  return text.split(/[\r\n]+/).findLast((line) => line.trim() !== "")?.trim() ?? "";
}

/** How the child ended, or undefined when it has not within so many milliseconds. */
export async function exitWithin(child: Child, timeoutMs: number): Promise<ChildExit | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => timer = setTimeout(() => resolve(undefined), timeoutMs));
  try {
    return await Promise.race([child.exited, late]);
  } finally {
    clearTimeout(timer);
  }
}
