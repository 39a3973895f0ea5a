import type { Clock } from "../../process/clock.ts";
import type { AppRecord } from "./app_record.ts";
import type { Journal } from "./journal.ts";

/**
 * Milliseconds in which the changes of an app are one write: replacing a file is dear where disks are busy.
 */
const TOGETHER_MS = 20;

export interface RecordWriterOptions {
  journal: Journal;
  clock: Clock;
  record: () => AppRecord;
  /** The record could not be written. */
  onError: (error: unknown) => void;
}

/** Keeps an app's record in the journal up to date. */
export class RecordWriter implements Disposable {
  readonly #options: RecordWriterOptions;
  #timer: Disposable | undefined;
  #durable = false;
  #closed = false;

  constructor(options: RecordWriterOptions) {
    this.#options = options;
  }

  /** @param options.durable what changed is what is wanted, which must outlive a power cut */
  soon({ durable = false }: { durable?: boolean } = {}): void {
    this.#durable ||= durable;
    this.#timer ??= this.#options.clock.after(TOGETHER_MS, () => this.now());
  }

  now(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    if (this.#closed) return;
    const { journal, record, onError } = this.#options;
    try {
      journal.write(record(), { durable: this.#durable });
      this.#durable = false;
    } catch (error) {
      onError(error);
    }
  }

  /** Writes what waits. */
  flush(): void {
    if (this.#timer !== undefined) this.now();
  }

  /** Nothing is written any more. */
  [Symbol.dispose](): void {
    this.#closed = true;
    this.#timer?.[Symbol.dispose]();
  }
}
