import { Buffer } from "node:buffer";
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { setImmediate } from "node:timers";
import { LineSplitter } from "./line_splitter.ts";
import { rotatedPath } from "./log_files.ts";
import { TimeIndex, type TimeMark } from "./time_index.ts";

export interface LogQuery {
  /** The last so many that match. */
  lines: number;
  /** Milliseconds since 1970. */
  since?: number | undefined;
  grep?: RegExp | undefined;
  /** Where to end: a byte of the file that had been rotated so often. */
  until?: { rotations: number; offset: number } | undefined;
}

export interface StoredLine {
  line: string;
  partial: boolean;
  /** To within 50 ms, and a second where it is old; null when it is not known. */
  time: number | null;
}

const PIECE = 256 * 1024;

/** Without a filter, so many bytes a line are read from the end first. */
const GUESS_PER_LINE = 256;

/** Milliseconds of reading after which others have their turn. */
const TURN_MS = 8;

/** How often a log that is rotated while it is read is read again. */
const MOST_TRIES = 3;

/**
 * The last lines of a log that match, oldest first, over all of its files. What takes long lets the daemon's
 * other work pass in between.
 *
 * @param rotations how often it was rotated, up to now
 */
export async function readLog(
  path: string,
  rotations: () => number,
  query: LogQuery,
  signal?: AbortSignal,
): Promise<StoredLine[]> {
  for (let attempt = 1;; attempt++) {
    const begun = rotations();
    // What a follower gets ends where its events begin: none may be told before this is answered.
    const waits = query.until === undefined && attempt < MOST_TRIES;
    const turns = waits ? turnsOf(signal) : () => undefined;
    const found = await readFiles(path, begun, query, turns);
    // A rotation moves lines from file to file.
    if (rotations() === begun || attempt === MOST_TRIES) return found;
  }
}

/** What to wait for before the next piece is read; undefined while the turn lasts. */
type Turns = () => Promise<void> | undefined;

function turnsOf(signal: AbortSignal | undefined): Turns {
  let begun = performance.now();
  return () => {
    if (performance.now() - begun < TURN_MS) return undefined;
    return new Promise((resolve, reject) =>
      setImmediate(() => {
        begun = performance.now();
        if (signal?.aborted === true) reject(signal.reason);
        else resolve();
      })
    );
  };
}

async function readFiles(
  path: string,
  rotations: number,
  query: LogQuery,
  turns: Turns,
): Promise<StoredLine[]> {
  const times = new TimeIndex(path);
  // Since a clock may have been set back, the first that is young enough may be anywhere among them.
  const all = query.since === undefined ? undefined : times.read();
  let found: StoredLine[] = [];
  for (let index = 0; found.length < query.lines; index++) {
    const file = rotatedPath(path, index);
    if (statSync(file, { throwIfNoEntry: false }) === undefined) {
      if (index === 0) continue;
      break;
    }
    const { until } = query;
    const number = rotations - index;
    const marksFrom = (offset: number) => {
      const marks = all ??
        times.newest((one) => one.rotations < number || one.rotations === number && one.offset <= offset);
      return marks.filter((mark) => mark.rotations === number);
    };
    if (until !== undefined && number > until.rotations) continue;
    const end = until?.rotations === number ? until.offset : Infinity;
    const rest = { ...query, lines: query.lines - found.length, end };
    found = [...await lastLines(file, marksFrom, rest, turns), ...found];
    // Older files hold only what is older still.
    if (query.since !== undefined && (marksFrom(0)[0]?.time ?? Infinity) < query.since) break;
  }
  return found;
}

/**
 * Reads backwards in growing steps until there are enough, or from the first byte that can matter.
 *
 * @param marksFrom gives the marks of what begins at a byte, and maybe more
 */
async function lastLines(
  file: string,
  marksFrom: (offset: number) => readonly TimeMark[],
  query: LogQuery & { end: number },
  turns: Turns,
): Promise<StoredLine[]> {
  const descriptor = openSync(file, "r");
  try {
    const size = Math.min(query.end, fstatSync(descriptor).size);
    const first = query.since === undefined ? 0 : firstByteSince(marksFrom(0), query.since);
    if (first >= size) return [];
    for (let length = Math.max(PIECE, query.lines * GUESS_PER_LINE);; length *= 8) {
      const from = Math.max(first, size - length);
      const marks = marksFrom(from);
      const lines = await linesFrom(descriptor, { from, to: size, marks, query, turns });
      if (from === first || lines.length >= query.lines) return lines.slice(-query.lines);
    }
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Where the first line of that time can begin; Infinity when none is that young. One byte less, since what is
 * read from the middle of a file begins with the end of a line.
 */
function firstByteSince(marks: readonly TimeMark[], since: number): number {
  const mark = marks.find(({ time }) => time >= since);
  return mark === undefined ? Infinity : Math.max(0, mark.offset - 1);
}

async function linesFrom(
  descriptor: number,
  { from, to, marks, query, turns }: {
    from: number;
    to: number;
    marks: readonly TimeMark[];
    query: LogQuery;
    turns: Turns;
  },
): Promise<StoredLine[]> {
  const splitter = new LineSplitter();
  const buffer = Buffer.alloc(Math.min(PIECE, Math.max(1, to - from)));
  const found: StoredLine[] = [];
  let at = from;
  let lineAt = from;
  let skipFirst = from > 0;
  const timeOf = timeReader(marks);
  const take = (lines: ReturnType<LineSplitter["push"]>) => {
    for (const { text, partial, bytes } of lines) {
      const time = timeOf(lineAt);
      lineAt += bytes;
      const cut = skipFirst;
      skipFirst = skipFirst && partial;
      if (cut || (query.since !== undefined && (time === null || time < query.since))) continue;
      if (query.grep !== undefined && !query.grep.test(text)) continue;
      found.push({ line: text, partial, time });
      // Memory for what was asked for, not for all that matches.
      if (found.length > query.lines * 2 + 1_000) found.splice(0, found.length - query.lines);
    }
  };
  while (at < to) {
    const count = readSync(descriptor, buffer, 0, Math.min(buffer.length, to - at), at);
    if (count === 0) break;
    at += count;
    take(splitter.push(buffer.subarray(0, count)));
    const turn = turns();
    if (turn !== undefined) await turn;
  }
  take(splitter.flush());
  return found;
}

/** The time of the last mark at or before a byte; bytes are asked for in order. */
function timeReader(marks: readonly TimeMark[]): (offset: number) => number | null {
  let next = 0;
  let time: number | null = null;
  return (offset) => {
    for (let mark = marks[next]; mark !== undefined && mark.offset <= offset; mark = marks[++next]) {
      time = mark.time;
    }
    return time;
  };
}
