import { Buffer } from "node:buffer";
import { errorMessage } from "../../base/errors.ts";
import type { Clock } from "../../process/clock.ts";
import type { LogSettings, LogStream } from "./log_files.ts";
import type { SplitLine } from "./line_splitter.ts";
import { makeLogFile, type OwnLogFiles } from "./own_log_files.ts";

/** Absolute paths that each stream is copied to. */
export type LogTargets = Record<LogStream, string[]>;

export const NO_TARGETS: LogTargets = { stdout: [], stderr: [] };

export interface CopySettings extends LogSettings {
  format: "text" | "json";
  /** Whether a line of text begins with its time. */
  timestamps: boolean;
}

export interface LogCopierOptions {
  files: OwnLogFiles;
  clock: Clock;
  /** Whose lines they are; a line of JSON begins with it. */
  source: { app: string; root: string; instance: number };
  settings: () => CopySettings;
  onProblem: (text: string) => void;
}

/** Copies what one instance writes to the files that its manifest names. */
export class LogCopier {
  readonly #options: LogCopierOptions;
  #targets = NO_TARGETS;
  /** Files that could not be written to the last time; the daemon says so once. */
  readonly #failing = new Set<string>();

  constructor(options: LogCopierOptions) {
    this.#options = options;
  }

  get targets(): LogTargets {
    return this.#targets;
  }

  /** All of its files. */
  get paths(): string[] {
    return [...new Set([...this.#targets.stdout, ...this.#targets.stderr])];
  }

  /** Goes on with the files of an earlier daemon. */
  resume(targets: LogTargets): void {
    this.#targets = targets;
    for (const path of this.paths) this.#options.files.know(path);
  }

  /** Takes up the files of a start, and makes them. @throws {HaftError} when one cannot be written to */
  begin(targets: LogTargets): void {
    this.resume(targets);
    this.paths.forEach(makeLogFile);
  }

  /** @param bytes of the lines, as the app wrote them */
  copy(stream: LogStream, lines: readonly SplitLine[], bytes: Uint8Array): void {
    if (lines.length === 0) return;
    const { format, timestamps, ...limits } = this.#options.settings();
    const isAsWritten = format === "text" && !timestamps;
    this.#append(stream, isAsWritten ? bytes : this.#written(stream, lines, format), limits);
  }

  /** So many bytes came faster than they could be read. */
  skipped(stream: LogStream, bytes: number): void {
    const { format, timestamps: _, ...limits } = this.#options.settings();
    const { source, clock } = this.#options;
    const text = format === "json"
      ? JSON.stringify({ ...source, stream, skipped_bytes: bytes, time: clock.wall() })
      : `haft: ${bytes} bytes of ${source.app} came too fast to be copied`;
    this.#append(stream, Buffer.from(`${text}\n`), limits);
  }

  /** Lines with their times, or with all that is known of them. */
  #written(stream: LogStream, lines: readonly SplitLine[], format: "text" | "json"): Uint8Array {
    const { clock, source } = this.#options;
    const time = clock.wall();
    const stamp = new Date(time).toISOString();
    const text = lines.map(({ text: line, partial }) =>
      format === "json" ? JSON.stringify({ ...source, stream, line, time, partial }) : `${stamp} ${line}`
    );
    return Buffer.from(`${text.join("\n")}\n`);
  }

  #append(stream: LogStream, bytes: Uint8Array, limits: LogSettings): void {
    for (const path of this.#targets[stream]) {
      try {
        this.#options.files.append(path, bytes, { ...limits, writer: this });
        this.#failing.delete(path);
      } catch (error) {
        if (!this.#failing.has(path)) {
          this.#options.onProblem(`Cannot write the log "${path}": ${errorMessage(error)}`);
        }
        this.#failing.add(path);
      }
    }
  }
}
