import type { Pattern } from "../../base/pattern.ts";
import { Buffer } from "node:buffer";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { rotatedPath } from "./log_files.ts";
import { LineSplitter } from "./line_splitter.ts";
import { type LineAt, LineMatcher } from "./matching_lines.ts";
import { LineTimes } from "./line_times.ts";

/** A byte of the file that had been rotated so often. */
export interface LogPosition {
  rotations: number;
  offset: number;
}

export interface LogQuery {
  /** The last so many that match. */
  lines: number;
  /** Milliseconds since 1970. */
  since?: number | undefined;
  grep?: Pattern | undefined;
  /** Where to begin: the beginning of a line. */
  from?: LogPosition | undefined;
  /** Where to end. */
  until?: LogPosition | undefined;
}

export interface StoredLine {
  line: string;
  partial: boolean;
  /** To within 50 ms, and a second where it is old; null when it is not known. */
  time: number | null;
}

/**
 * Bytes that are read at once: few at first, since most questions are about the end, and where each line is
 * looked at, so that other work has its turn in between.
 */
const BLOCK = { first: 128 * 1024, most: 1024 * 1024, byLine: 64 * 1024 };

const NEWLINE = 10;

/**
 * The last lines of a log that match, oldest first, over all of its files. It reads backwards, so that a
 * rotation amid it changes nothing but the names of what is still to be read.
 *
 * It yields after each block, where other work may have its turn.
 *
 * @param rotations how often it was rotated, up to now
 */
export function* searchLog(
  path: string,
  rotations: () => number,
  query: LogQuery,
): Generator<void, StoredLine[]> {
  const { lines, from, until } = query;
  const search = new FileSearch(path, query);
  const oldest = from?.rotations ?? -Infinity;
  for (let number = until?.rotations ?? rotations(); number >= oldest && search.found.length < lines;) {
    const isCurrent = number === rotations();
    using file = new LogFile(path, number, rotations);
    if (!file.exists && !isCurrent) break;
    // Older files hold only what is older still.
    if (file.exists && !(yield* search.run(file))) break;
    number--;
  }
  return search.found.slice(0, lines).reverse();
}

/** One file of a log, which stays the same one when it gets another name. */
class LogFile implements Disposable {
  readonly number: number;
  readonly #path: string;
  readonly #rotations: () => number;
  #descriptor: number | undefined;
  /** While it is the one that grows, a rotation empties it after its bytes were copied. */
  #isCurrent = false;

  constructor(path: string, number: number, rotations: () => number) {
    this.number = number;
    this.#path = path;
    this.#rotations = rotations;
    this.#open();
  }

  get exists(): boolean {
    return this.#descriptor !== undefined;
  }

  get size(): number {
    return this.#descriptor === undefined ? 0 : fstatSync(this.#descriptor).size;
  }

  /** @returns fewer bytes where it has no more */
  read(from: number, to: number, buffer: Buffer): Buffer {
    if (this.#isCurrent && this.#rotations() !== this.number) this.#open();
    let count = 0;
    while (this.#descriptor !== undefined && from + count < to) {
      const more = readSync(this.#descriptor, buffer, count, to - from - count, from + count);
      if (more === 0) break;
      count += more;
    }
    return buffer.subarray(0, count);
  }

  #open(): void {
    this[Symbol.dispose]();
    const index = this.#rotations() - this.number;
    this.#isCurrent = index === 0;
    try {
      this.#descriptor = openSync(rotatedPath(this.#path, index), "r");
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    }
  }

  [Symbol.dispose](): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/** A search that goes from file to file. */
class FileSearch {
  /** Newest first. */
  readonly found: StoredLine[] = [];
  readonly #query: LogQuery;
  readonly #times: LineTimes;
  readonly #matcher: LineMatcher;
  readonly #mostAtOnce: number;
  #buffer: Buffer;

  constructor(path: string, query: LogQuery) {
    this.#query = query;
    this.#times = new LineTimes(path);
    this.#matcher = new LineMatcher(query.grep);
    this.#mostAtOnce = this.#matcher.isQuick ? BLOCK.most : BLOCK.byLine;
    this.#buffer = Buffer.alloc(Math.min(BLOCK.first, this.#mostAtOnce));
  }

  /** @returns false when older files cannot have any */
  *run(file: LogFile): Generator<void, boolean> {
    const { lines, since, from, until } = this.#query;
    const { number } = file;
    const first = from?.rotations === number ? from.offset : 0;
    let floor = first;
    let end = until?.rotations === number ? Math.min(until.offset, file.size) : file.size;
    for (let isLater = false; end > floor && this.found.length < lines; isLater = true) {
      // Most questions since a time are answered by the first block, without all of the marks.
      if (since !== undefined && isLater) floor = Math.max(first, this.#times.before(number, since));
      const start = Math.max(floor, end - this.#buffer.length);
      if (start >= end) break;
      const bytes = file.read(start, end, this.#buffer);
      if (bytes.length < end - start) break;
      // What is read from the middle of a file begins with the end of a line.
      const cut = start === first ? 0 : bytes.indexOf(NEWLINE) + 1;
      if (start === first || (cut > 0 && cut < bytes.length)) {
        this.#take(number, start + cut, this.#matcher.in(bytes.subarray(cut)));
        end = start + cut;
      } else if (since === undefined || isLater) {
        const begin = yield* lineStart(file, { first, floor, before: start, buffer: this.#buffer });
        if (begin !== undefined) yield* this.#longLine(file, begin, end);
        end = begin ?? floor;
      }
      if (start === floor) break;
      if (this.#buffer.length < this.#mostAtOnce) this.#buffer = Buffer.alloc(this.#buffer.length * 2);
      yield;
    }
    return since === undefined || this.found.length >= lines || this.#times.isOlder(number, since);
  }

  /** Takes what matches of a line that is longer than a block. */
  *#longLine(file: LogFile, begin: number, end: number): Generator<void, void> {
    const splitter = new LineSplitter();
    let found: LineAt[] = [];
    let offset = 0;
    const add = (pieces: ReturnType<LineSplitter["push"]>) => {
      for (const piece of pieces) {
        if (this.#matcher.matches(piece)) found.push({ ...piece, offset });
        offset += piece.bytes;
      }
      if (found.length > this.#query.lines * 2) found = found.slice(-this.#query.lines);
    };
    for (let at = begin; at < end; at += this.#buffer.length) {
      add(splitter.push(file.read(at, Math.min(end, at + this.#buffer.length), this.#buffer)));
      yield;
    }
    add(splitter.flush());
    this.#take(file.number, begin, found);
  }

  #take(number: number, start: number, lines: readonly LineAt[]): void {
    const { lines: most, since } = this.#query;
    for (const { text, partial, offset } of lines.toReversed()) {
      if (this.found.length >= most) return;
      const time = this.#times.at(number, start + offset);
      if (since !== undefined && (time === null || time < since)) continue;
      this.found.push({ line: text, partial, time });
    }
  }
}

/** Where the line begins that has the byte before `before`; undefined when that is before the floor. */
function* lineStart(
  file: LogFile,
  { first, floor, before, buffer }: { first: number; floor: number; before: number; buffer: Buffer },
): Generator<void, number | undefined> {
  for (let end = before; end > floor; end -= buffer.length) {
    const start = Math.max(floor, end - buffer.length);
    const at = file.read(start, end, buffer).lastIndexOf(NEWLINE);
    if (at !== -1) return start + at + 1;
    yield;
  }
  return floor === first ? first : undefined;
}
