import type { Pattern } from "../../base/pattern.ts";
import { appLogs } from "../../client/app_logs.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import type { DaemonEvent } from "../../protocol/events.ts";
import { lineOf } from "./log_lines.ts";
import type { AppLine, LogPrinter } from "./log_printer.ts";
import type { Selection } from "./app_options.ts";

export interface LogFollowOptions {
  selection: Selection;
  grep: Pattern | undefined;
  printer: LogPrinter;
}

/** What is read again, at most, when lines may have been missed. */
const MOST_MISSED = 10_000;

/** Milliseconds by which a line's time may be wrong, generously. */
const OVERLAP_MS = 10_000;

/**
 * Prints lines as they come, over one connection after the other, each once.
 */
export class LogFollow {
  readonly #options: LogFollowOptions;
  /** The last line of each stream that was printed. */
  readonly #last = new Map<string, string>();
  #reading = false;
  /** Lines that came after the past ones were answered, and before those were printed. */
  #later: AppLine[] | undefined;
  /** When the last line came, in milliseconds since 1970. */
  #seenAt = Date.now();

  constructor(options: LogFollowOptions) {
    this.#options = options;
  }

  /** Past lines will be read first. To be called before lines come as events. */
  hold(): void {
    this.#reading = true;
  }

  onEvent(message: DaemonEvent): void {
    const line = lineOf(message, this.#options);
    if (line === undefined || this.#reading) return;
    if (this.#later === undefined) this.#print(line);
    else this.#later.push(line);
  }

  /**
   * Prints past lines. Those that came meanwhile are among them: the daemon gives no line that is yet to come
   * as an event.
   *
   * @param query as `app.logs` takes it
   */
  async past(
    daemon: DaemonClient,
    query: { lines: number; since?: number; grep?: string; follow: boolean },
    signal?: AbortSignal,
  ): Promise<void> {
    this.hold();
    const lines = await appLogs(daemon, {
      ...this.#options.selection,
      ...query,
    }, {
      signal,
      // What follows in the same chunk is read before this function goes on.
      onAnswer: () => {
        this.#reading = false;
        this.#later = [];
      },
    });
    for (const line of [...this.#new(lines), ...this.#later ?? []]) this.#print(line);
    this.#later = undefined;
  }

  /** Prints what was written while there was no daemon. */
  async catchUp(daemon: DaemonClient, signal?: AbortSignal): Promise<void> {
    const { grep } = this.#options;
    const query = { lines: MOST_MISSED, since: this.#seenAt - OVERLAP_MS, follow: true };
    await this.past(daemon, grep === undefined ? query : { ...query, grep: grep.source }, signal);
  }

  /** Of lines that are read once more, those after the last that was printed. */
  #new(lines: readonly AppLine[]): AppLine[] {
    const from = new Map<string, number>();
    lines.forEach((line, at) => {
      if (this.#last.get(streamOf(line)) === line.line) from.set(streamOf(line), at);
    });
    return lines.filter((line, at) => at > (from.get(streamOf(line)) ?? -1));
  }

  #print(line: AppLine): void {
    this.#seenAt = Date.now();
    this.#last.set(streamOf(line), line.line);
    void this.#options.printer.print(line);
  }
}

function streamOf({ app, instance, stream }: AppLine): string {
  return `${app}\0${instance}\0${stream}`;
}
