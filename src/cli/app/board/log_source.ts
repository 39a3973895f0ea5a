import type { Pattern } from "../../../base/pattern.ts";
import { appLogs } from "../../../client/app_logs.ts";
import type { DaemonClient } from "../../../client/daemon_client.ts";
import type { DaemonEvent } from "../../../protocol/events.ts";
import { lineOf } from "../log_lines.ts";
import type { AppLine } from "../log_printer.ts";
import type { Selection } from "../app_options.ts";
import { MOST_LINES } from "./log_buffer.ts";

/** Lines that are read when a log is shown; the rest when a person scrolls up to it. */
const FIRST_LINES = 1_000;

export interface LogSink {
  push(line: AppLine): void;
  /** The lines of a log so far, with those that were pushed meanwhile at the end. */
  replace(lines: readonly AppLine[]): void;
}

/** Which log is wanted. */
export interface LogChoice {
  selection: Selection;
  /** The app whose lines alone the daemon shall send; undefined for those of several. */
  subject: string | undefined;
}

/** Follows one log after the other over one connection; the daemon sends no lines of others. */
export class LogSource {
  readonly #daemon: DaemonClient;
  readonly #sink: LogSink;
  readonly #grep: Pattern | undefined;
  #choice: LogChoice | undefined;
  #subscription: { id: string; subject: string | undefined } | undefined;
  #isWhole = false;
  /** Choices follow each other: the last one counts. */
  #last: Promise<void> = Promise.resolve();

  constructor(daemon: DaemonClient, { sink, grep }: { sink: LogSink; grep: Pattern | undefined }) {
    this.#daemon = daemon;
    this.#sink = sink;
    this.#grep = grep;
  }

  onEvent(message: DaemonEvent): void {
    if (this.#choice === undefined) return;
    const line = lineOf(message, { selection: this.#choice.selection, grep: this.#grep });
    if (line !== undefined) this.#sink.push(line);
  }

  /** Shows this log from now on. */
  show(choice: LogChoice): Promise<void> {
    this.#choice = choice;
    this.#isWhole = false;
    return this.#next(choice, FIRST_LINES);
  }

  /** Reads as much of the log as there is, once. */
  async showWhole(): Promise<void> {
    if (this.#choice === undefined || this.#isWhole) return;
    this.#isWhole = true;
    await this.#next(this.#choice, MOST_LINES);
  }

  #next(choice: LogChoice, lines: number): Promise<void> {
    const done = this.#last.then(() => this.#choice === choice ? this.#read(choice, lines) : undefined);
    this.#last = done.catch(() => {});
    return done;
  }

  async #read(choice: LogChoice, count: number): Promise<void> {
    await this.#subscribe(choice.subject);
    const lines = await appLogs(this.#daemon, {
      ...choice.selection,
      lines: count,
      follow: true,
      ...(this.#grep === undefined ? {} : { grep: this.#grep.source }),
    });
    if (this.#choice === choice) this.#sink.replace(lines);
  }

  async #subscribe(subject: string | undefined): Promise<void> {
    const before = this.#subscription;
    if (before !== undefined && before.subject === subject) return;
    const { subscription_id: id } = await this.#daemon.request("events.subscribe", {
      types: ["app.log_line"],
      ...(subject === undefined ? {} : { subject }),
    });
    this.#subscription = { id, subject };
    if (before !== undefined) {
      await this.#daemon.request("events.unsubscribe", { subscription_id: before.id });
    }
  }
}
