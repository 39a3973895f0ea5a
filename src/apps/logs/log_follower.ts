/**
 * Reads what is added to one log file and hands it on in lines. After a rotation the rest of the old file is
 * read before the new one, by a descriptor, which stays good whatever becomes of the file's name: nothing is
 * skipped.
 */
import { Buffer } from "node:buffer";
import { appendFileSync, closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { LineSplitter, type SplitLine } from "./line_splitter.ts";
import { rotatedPath } from "./log_files.ts";

/** What a follower must know to go on where another one ended. */
export interface FollowerState {
  /** How often the file was rotated. */
  rotations: number;
  /** The first byte that was not handed on, in the file that had been rotated `in` times. */
  in: number;
  offset: number;
}

interface Segment {
  descriptor: number;
  /** The next byte to read. */
  at: number;
  rotations: number;
}

/**
 * Files that may wait to be read. A writer that is faster than its lines can be told fills file after file;
 * their descriptors would keep all of them on the disk.
 */
const MOST = { segments: 64, bytes: 32 * 1024 * 1024 };

/** No more files of one log are kept. */
const MOST_FILES = 1_000;

/** For one read, shared by all: reading is synchronous. */
const buffer = Buffer.alloc(64 * 1024);

export class LogFollower {
  readonly path: string;
  readonly #onLines: (lines: SplitLine[], bytes: Uint8Array) => void;
  readonly #onSkip: (bytes: number) => void;
  readonly #splitter = new LineSplitter();
  readonly #begin: FollowerState;
  #rotations: number;
  /** Oldest first. */
  #segments: Segment[] = [];
  /** Where the line begins that waits for its end, when that is in a file before the first segment's. */
  #carried: Pick<FollowerState, "in" | "offset"> | undefined;
  /** Whether the last segment is the file that is at the path. */
  #hasCurrent = false;

  /**
   * @param onLines with their bytes, which are good until it returns
   * @param onSkip bytes that were not read, since too much waited
   */
  constructor(
    path: string,
    begin: FollowerState,
    onLines: (lines: SplitLine[], bytes: Uint8Array) => void,
    onSkip: (bytes: number) => void = () => {},
  ) {
    this.path = path;
    this.#onSkip = onSkip;
    this.#begin = begin;
    this.#rotations = begin.rotations;
    this.#onLines = onLines;
  }

  get state(): FollowerState {
    const [first] = this.#segments;
    if (first === undefined) {
      return this.#begin.rotations === this.#rotations
        ? this.#begin
        : { rotations: this.#rotations, in: this.#rotations, offset: 0 };
    }
    const { pending } = this.#splitter;
    if (pending > first.at && this.#carried !== undefined) {
      return { rotations: this.#rotations, ...this.#carried };
    }
    return { rotations: this.#rotations, in: first.rotations, offset: Math.max(0, first.at - pending) };
  }

  /** Bytes of the current file. */
  get size(): number {
    return statSync(this.path, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Bytes that wait to be read. */
  get backlog(): number {
    return this.#segments.reduce(
      (sum, { descriptor, at }) => sum + Math.max(0, fstatSync(descriptor).size - at),
      0,
    );
  }

  /** Opens what is there and not open yet. */
  open(): void {
    if (this.#hasCurrent) return;
    if (this.#segments.length === 0) this.#openOlder();
    const descriptor = openIfThere(this.path);
    if (descriptor === undefined) return;
    const { rotations, in: begun, offset } = this.#begin;
    const resumed = begun === rotations && rotations === this.#rotations;
    const at = resumed && this.#segments.length === 0 ? Math.min(offset, fstatSync(descriptor).size) : 0;
    this.#segments.push({ descriptor, at, rotations: this.#rotations });
    this.#hasCurrent = true;
  }

  /**
   * Reads what is new.
   *
   * @param budget bytes at most
   * @returns how many were read; less than the budget means that nothing more was there
   */
  read(budget: number): number {
    this.open();
    let total = 0;
    while (total < budget) {
      const segment = this.#segments[0];
      if (segment === undefined) break;
      const count = readSync(
        segment.descriptor,
        buffer,
        0,
        Math.min(buffer.length, budget - total),
        segment.at,
      );
      if (count > 0) {
        total += count;
        segment.at += count;
        this.#deliver(this.#splitter.push(buffer.subarray(0, count)));
      } else if (this.#segments.length > 1) {
        const { pending } = this.#splitter;
        if (pending <= segment.at) this.#carried = { in: segment.rotations, offset: segment.at - pending };
        closeSync(segment.descriptor);
        this.#segments.shift();
      } else {
        // Another program emptied the file.
        if (fstatSync(segment.descriptor).size < segment.at) segment.at = 0;
        break;
      }
    }
    return total;
  }

  /**
   * The file was copied to `.1` and emptied. To be called after {@link open}, before the file is written
   * again.
   */
  copied(): void {
    const current = this.#hasCurrent ? this.#segments.pop() : undefined;
    const copy = openIfThere(rotatedPath(this.path, 1));
    if (current !== undefined) {
      // By its descriptor the emptied file would be read; the bytes are in the copy.
      if (copy === undefined) closeSync(current.descriptor);
      else {
        closeSync(current.descriptor);
        this.#segments.push({ ...current, descriptor: copy });
      }
    }
    this.#rotations++;
    this.#hasCurrent = false;
    this.open();
    this.#skipOld();
  }

  /** The file was renamed to `.1`, and its writers have ended. */
  renamed(): void {
    this.#rotations++;
    this.#hasCurrent = false;
  }

  /**
   * Hands on a last line without an end: its writer has gone. The line gets its end in the file, too, so that
   * the next writer's first line is its own.
   */
  flush(): void {
    if (this.#splitter.pending > 0 && this.#hasCurrent) {
      try {
        appendFileSync(this.path, "\n");
        this.read(1);
      } catch {
        // No space is left: then the two lines stay one in the file.
      }
    }
    this.#deliver(this.#splitter.flush());
  }

  close(): FollowerState {
    const { state } = this;
    for (const { descriptor } of this.#segments) closeSync(descriptor);
    this.#segments = [];
    return state;
  }

  #skipOld(): void {
    let skipped = 0;
    while (
      this.#segments.length > MOST.segments || (this.#segments.length > 2 && this.backlog > MOST.bytes)
    ) {
      const segment = this.#segments.shift();
      if (segment === undefined) break;
      skipped += Math.max(0, fstatSync(segment.descriptor).size - segment.at);
      closeSync(segment.descriptor);
    }
    if (skipped === 0) return;
    this.#deliver(this.#splitter.flush());
    this.#carried = undefined;
    this.#onSkip(skipped);
  }

  /** Files that were rotated since the state was kept: the number at the end of a name is how often since. */
  #openOlder(): void {
    const { rotations, in: begun, offset } = this.#begin;
    if (this.#rotations !== rotations) return;
    // A state that was damaged, but not so that it shows, must not be a loop without end.
    for (let number = Math.max(begun, rotations - MOST_FILES); number < rotations; number++) {
      const descriptor = openIfThere(rotatedPath(this.path, rotations - number));
      if (descriptor === undefined) continue;
      this.#segments.push({ descriptor, at: number === begun ? offset : 0, rotations: number });
    }
  }

  #deliver(lines: SplitLine[]): void {
    if (lines.length > 0) this.#onLines(lines, this.#splitter.taken);
  }
}

function openIfThere(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true ? openSync(path, "r") : undefined;
}
