import { setTimeout as delay } from "node:timers/promises";
import { followFile } from "../base/follow_file.ts";
import type { Daemon } from "./dialect.ts";

export interface TaskOutputOptions {
  onLine: (line: string) => void;
  /** No more lines are wanted for now. */
  isFull: () => boolean;
}

/** A line without an end is handed on in pieces of this many characters. */
const LONGEST_LINE = 64 * 1024;
const WAIT_MS = 50;

/** Follows what a task's command prints, until {@link TaskOutput.end}. */
export class TaskOutput {
  readonly #stop = new AbortController();
  readonly #followed: Promise<void>;

  constructor(daemon: Daemon, id: string, options: TaskOutputOptions) {
    this.#followed = this.#follow(daemon, id, options).catch(() => {});
  }

  /** Resolves when all that was printed has been handed on. */
  async end(): Promise<void> {
    this.#stop.abort();
    await this.#followed;
  }

  async #follow(daemon: Daemon, id: string, { onLine, isFull }: TaskOutputOptions): Promise<void> {
    const { task } = await daemon.request("task.status", { id });
    let rest = "";
    for await (const text of followFile(task.log, { signal: this.#stop.signal, from: "start" })) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > LONGEST_LINE) {
        lines.push(rest);
        rest = "";
      }
      for (const line of lines) {
        while (isFull()) await delay(WAIT_MS);
        onLine(line.replace(/\r$/, ""));
      }
    }
    if (rest !== "") onLine(rest);
  }
}
