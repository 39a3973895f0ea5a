import { closeSync, constants, openSync, rmSync, statSync, writeSync } from "node:fs";
import * as v from "valibot";
import { errorMessage } from "../../base/errors.ts";
import { readOrSetAside, setAsideUnlessFile } from "../../base/set_aside.ts";
import type { Clock } from "../../process/clock.ts";
import type { LogCopier } from "./log_copier.ts";
import type { SplitLine } from "./line_splitter.ts";
import { LOG_STREAMS, logFamily, type LogSettings, type LogStream } from "./log_files.ts";
import { type FollowerState, LogFollower } from "./log_follower.ts";
import {
  forgetRotation,
  isRotationPending,
  recoverRotation,
  rotateLog,
  rotateUnused,
  type Writers,
} from "./rotate_log.ts";
import { TimeIndex } from "./time_index.ts";

export interface InstanceLogsOptions {
  /** Without the ending: `<directory>/<file stem>-0`. */
  base: string;
  clock: Clock;
  settings: () => LogSettings;
  writers: Writers;
  /** What is read goes to the files that a person named. */
  copier: LogCopier;
  onLine: (stream: LogStream, line: SplitLine) => void;
  /** Bytes that were not read: they came faster than they can be told. */
  onSkip: (stream: LogStream, bytes: number) => void;
  /** A rotation was not possible. */
  onProblem: (text: string) => void;
}

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
const StreamState = v.object({ rotations: Count, in: Count, offset: Count });
const TailState = v.object({ stdout: StreamState, stderr: StreamState });

interface Stream {
  path: string;
  follower: LogFollower;
  index: TimeIndex;
}

/** Milliseconds until a rotation that failed is tried again. */
const RETRY_MS = 5_000;

/**
 * What may be read of one stream before others have their turn: so many bytes, or so many milliseconds'
 * worth.
 */
const TURN = { bytes: 256 * 1024, step: 64 * 1024, ms: 4 };

/** At an app's end, as much as this is read at once; more, in turns as always. */
const READ_AT_END = 1024 * 1024;

/** The two log files of one instance: what is added to them, and their rotation. */
export class InstanceLogs {
  readonly paths: Readonly<Record<LogStream, string>>;
  readonly #options: InstanceLogsOptions;
  readonly #streams: Readonly<Record<LogStream, Stream>>;
  readonly #statePath: string;
  #saved = "";
  /** Something was read since. */
  #moved = true;
  #cannotKeep = false;
  #rotating: Promise<void> | undefined;
  #rotateAfter = -Infinity;
  #closed = false;

  constructor(options: InstanceLogsOptions) {
    this.#options = options;
    this.#statePath = `${options.base}.tail.json`;
    this.paths = { stdout: `${options.base}.out.log`, stderr: `${options.base}.err.log` };
    const begin = this.#readState();
    const stream = (name: LogStream): Stream => ({
      path: this.paths[name],
      index: new TimeIndex(this.paths[name]),
      follower: new LogFollower(
        this.paths[name],
        begin[name],
        (lines, bytes) => {
          this.#copy(name, lines, bytes);
          for (const line of lines) options.onLine(name, line);
        },
        (bytes) => {
          options.copier.skipped(name, bytes);
          options.onSkip(name, bytes);
        },
      ),
    });
    this.#streams = { stdout: stream("stdout"), stderr: stream("stderr") };
  }

  /** Reads what is new. @returns bytes */
  read(): number {
    if (this.#closed) return 0;
    let total = 0;
    for (const name of LOG_STREAMS) {
      const { follower, index } = this.#streams[name];
      const { in: rotations, offset } = follower.state;
      const count = this.#readTurn(follower);
      if (count === 0) continue;
      total += count;
      this.#moved = true;
      this.#keep("when its lines were written", () => {
        index.note({ rotations, offset, time: this.#options.clock.wall() });
      });
    }
    if (total > 0) this.#rotateIfFull();
    return total;
  }

  /** Reads the rest, and a last line without an end: its writers are gone. */
  finish(): void {
    if (this.#closed) return;
    this.read();
    for (const name of LOG_STREAMS) {
      const { follower } = this.#streams[name];
      if (follower.backlog > READ_AT_END) continue;
      while (follower.read(READ_AT_END) > 0);
      follower.flush();
      this.#moved = true;
    }
    this.save();
  }

  /** To be called before a process is started: without a writer, a full file just gets another name. */
  prepare(): void {
    const { maxSize, keep } = this.#options.settings();
    for (const name of LOG_STREAMS) {
      const { path, follower } = this.#streams[name];
      setAsideUnlessFile(path);
      if (follower.size < maxSize) continue;
      follower.open();
      rotateUnused(path, keep);
      follower.renamed();
      this.#afterRotation(name);
    }
  }

  /**
   * What a daemon that was killed while it rotated has left. {@link recovered} is to follow.
   *
   * @returns true when processes may have been left stopped
   */
  recover(): boolean {
    let pending = false;
    for (const name of LOG_STREAMS) {
      const { path, follower } = this.#streams[name];
      if (!isRotationPending(path)) continue;
      pending = true;
      this.#keep("what a rotation had done", () => {
        follower.open();
        const before = recoverRotation(path, this.#options.settings().keep);
        // It may have been noted already, and only the end of the rotation not.
        if (before === follower.state.rotations) follower.copied();
        this.#afterRotation(name);
      });
    }
    return pending;
  }

  /** No process is left stopped. If this daemon dies before this call, the next one looks again. */
  recovered(): void {
    for (const name of LOG_STREAMS) forgetRotation(this.#streams[name].path);
  }

  /** How often a stream was rotated. */
  rotations(stream: LogStream): number {
    return this.#streams[stream].follower.state.rotations;
  }

  /** Reads what is new of a stream, and gives the end of what was handed on. */
  told(stream: LogStream): { rotations: number; offset: number } {
    if (!this.#closed) this.read();
    const { in: rotations, offset } = this.#streams[stream].follower.state;
    return { rotations, offset };
  }

  get copier(): LogCopier {
    return this.#options.copier;
  }

  #copy(name: LogStream, lines: readonly SplitLine[], bytes: Uint8Array): void {
    const { copier } = this.#options;
    if (copier.targets[name].length === 0) return;
    copier.copy(name, lines, bytes);
    // A daemon that is killed from here on leaves the next one nothing to copy once more.
    this.#moved = true;
    this.save();
  }

  /** Keeps where reading goes on. */
  save(): void {
    if (!this.#moved) return;
    this.#moved = false;
    const state = JSON.stringify({
      stdout: this.#streams.stdout.follower.state,
      stderr: this.#streams.stderr.follower.state,
    });
    if (state === this.#saved) return;
    this.#keep("how far its log was read", () => {
      keepInPlace(this.#statePath, state);
      this.#saved = state;
    });
    this.#moved = this.#saved !== state;
  }

  /** Waits for a rotation on its way: stopped processes are not left so. */
  async close(): Promise<void> {
    await this.#rotating;
    if (this.#closed) return;
    this.save();
    this.#closed = true;
    for (const name of LOG_STREAMS) this.#streams[name].follower.close();
  }

  /** Removes every file. */
  async remove(): Promise<void> {
    await this.close();
    for (const name of LOG_STREAMS) {
      for (const file of logFamily(this.paths[name])) rmSync(file, { force: true });
      this.#streams[name].index.remove();
    }
    rmSync(this.#statePath, { force: true });
  }

  /**
   * Writes what is good to have. A full disk must not keep an app from being read or stopped; one line says
   * so.
   */
  #keep(what: string, write: () => void): void {
    try {
      write();
      this.#cannotKeep = false;
    } catch (error) {
      if (!this.#cannotKeep) {
        this.#options.onProblem(`"${this.paths.stdout}": cannot keep ${what}: ${errorMessage(error)}`);
      }
      this.#cannotKeep = true;
    }
  }

  #readTurn(follower: LogFollower): number {
    const { clock } = this.#options;
    const begun = clock.monotonic();
    let total = 0;
    while (total < TURN.bytes && clock.monotonic() - begun < TURN.ms) {
      const count = follower.read(TURN.step);
      total += count;
      if (count < TURN.step) break;
    }
    return total;
  }

  #rotateIfFull(): void {
    const { clock, settings } = this.#options;
    const { maxSize } = settings();
    const full = LOG_STREAMS.filter((name) => this.#streams[name].follower.size >= maxSize);
    if (full.length === 0 || this.#rotating !== undefined || clock.monotonic() < this.#rotateAfter) return;
    this.#rotating = this.#rotate(full).finally(() => this.#rotating = undefined);
  }

  async #rotate(streams: readonly LogStream[]): Promise<void> {
    const { settings, writers, onProblem, clock } = this.#options;
    for (const name of streams) {
      const { path, follower } = this.#streams[name];
      try {
        follower.open();
        const onRotated = () => {
          follower.copied();
          this.#moved = true;
          this.save();
        };
        const { rotations } = follower.state;
        const outcome = await rotateLog(path, { keep: settings().keep, rotations, writers, onRotated });
        if (outcome === "rotated") {
          this.#afterRotation(name);
          continue;
        }
        onProblem(`Cannot rotate "${path}": its writers cannot be stopped for an instant`);
      } catch (error) {
        onProblem(`Cannot rotate "${path}": ${error instanceof Error ? error.message : error}`);
      }
      this.#rotateAfter = clock.monotonic() + RETRY_MS;
    }
  }

  #afterRotation(name: LogStream): void {
    this.#moved = true;
    const { follower, index } = this.#streams[name];
    index.prune(follower.state.rotations - this.#options.settings().keep);
    this.save();
  }

  #readState(): Record<LogStream, FollowerState> {
    // The first time, or the file was damaged: then what is there counts as read.
    const end = (path: string): FollowerState => ({
      rotations: 0,
      in: 0,
      offset: statSync(path, { throwIfNoEntry: false })?.size ?? 0,
    });
    const known = readOrSetAside(this.#statePath, (text) => v.parse(TailState, JSON.parse(text)));
    return known ?? { stdout: end(this.paths.stdout), stderr: end(this.paths.stderr) };
  }
}

/** Longer than a state ever is: each one takes the whole place of the one before it. */
const STATE_LENGTH = 256;

/** Replaces a short text by one write, many times a second: no process that is killed leaves half of it. */
function keepInPlace(path: string, text: string): void {
  setAsideUnlessFile(path);
  const descriptor = openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o600);
  try {
    writeSync(descriptor, text.padEnd(STATE_LENGTH), 0);
  } finally {
    closeSync(descriptor);
  }
}
