/** The log of a task on another host, whose file cannot be followed: its daemon is asked for what is new. */
import { setTimeout as delay } from "node:timers/promises";
import type { DaemonClient } from "../../client/daemon_client.ts";
import type { TaskInfo } from "../../protocol/methods/task_methods.ts";
import { ProgramText } from "../../ui/program_text.ts";
import type { Context } from "../command.ts";

export interface RemoteLogOptions {
  /** The task's id there. */
  id: string;
  /** How many of the lines that are there already. */
  lines: number;
  json: boolean;
}

const LOOK_MS = 300;

/** Prints the last lines that are there. @returns how many */
export async function printRemoteLog(
  daemon: DaemonClient,
  { id, lines: count, json }: RemoteLogOptions,
  { stdout }: Pick<Context, "stdout">,
): Promise<number> {
  const { lines } = await daemon.request("task.logs", { id, lines: count });
  const program = new ProgramText({ color: stdout.color });
  for (const line of lines) {
    await stdout.write(json ? `${JSON.stringify({ line })}\n` : program.push(`${line}\n`));
  }
  await stdout.write(program.end());
  return lines.length;
}

/**
 * Prints what the task has printed and prints, until it is over or the reader has gone.
 *
 * @returns the task as it is at its end
 */
export async function followRemoteLog(
  daemon: DaemonClient,
  { id, json, lines }: RemoteLogOptions,
  { stdout, signal }: Pick<Context, "stdout" | "signal">,
): Promise<TaskInfo | undefined> {
  const left = new AbortController();
  let over = false;
  const ended = daemon.request("task.wait", { ids: [id] }, {
    signal: AbortSignal.any([signal, left.signal]),
  });
  ended.then(() => over = true, () => over = true);
  const printer = new LinePrinter({ json, color: stdout.color });
  try {
    let offset = 0;
    for (let first = true;; first = false) {
      // What it printed until its end has to come, too.
      const last = over;
      const { text = "", next = offset } = await allFrom(daemon, id, offset);
      offset = next;
      await stdout.write(printer.push(first ? lastLinesOf(text, lines) : text));
      if (last || stdout.closed || signal.aborted) break;
      await delay(LOOK_MS, undefined, { signal }).catch(() => {});
    }
    await stdout.write(printer.end());
    return stdout.closed ? undefined : (await ended).tasks[0];
  } finally {
    left.abort();
  }
}

/** All that the log has from an offset on, of which one answer gives a part. */
async function allFrom(
  daemon: DaemonClient,
  id: string,
  from: number,
): Promise<{ text: string; next: number }> {
  let whole = "";
  for (let offset = from;;) {
    const { text = "", next = offset } = await daemon.request("task.logs", { id, lines: 0, offset });
    // Only its end is printed at first, and a log may be long.
    whole = (whole + text).slice(-MOST_TEXT);
    if (text === "") return { text: whole, next };
    offset = next;
  }
}

const MOST_TEXT = 4 * 1024 * 1024;

function lastLinesOf(text: string, count: number): string {
  const lines = text.split("\n");
  // What follows the last line break is a line that has begun, or nothing.
  const begun = lines.pop() ?? "";
  const kept = count === 0 ? [] : lines.slice(-count);
  return [...kept, begun].join("\n");
}

/** Text as the terminal may have it, or whole lines as JSON. */
class LinePrinter {
  readonly #program: ProgramText;
  readonly #json: boolean;
  #rest = "";

  constructor({ json, color }: { json: boolean; color: boolean }) {
    this.#json = json;
    this.#program = new ProgramText({ color });
  }

  push(text: string): string {
    if (!this.#json) return this.#program.push(text);
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    return lines.map((line) => `${JSON.stringify({ line })}\n`).join("");
  }

  end(): string {
    if (!this.#json) return this.#program.end();
    return this.#rest === "" ? "" : `${JSON.stringify({ line: this.#rest })}\n`;
  }
}
