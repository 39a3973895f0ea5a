import { Buffer } from "node:buffer";
import { appendFileSync, closeSync, constants, fstatSync, openSync, readSync, rmSync } from "node:fs";
import { setAsideUnlessFile } from "../../base/set_aside.ts";
import { writeAtomic } from "../../base/write_atomic.ts";
import { readTextFile } from "../../base/read_text_file.ts";

/** From this byte on, of the file that had been rotated so often, lines came at this time. */
export interface TimeMark {
  rotations: number;
  offset: number;
  /** Milliseconds since 1970. */
  time: number;
}

/** Milliseconds. */
const SPACING = {
  /** Between two marks: what comes meanwhile has the time of the first. */
  fresh: 50,
  /** The same for what is older than {@link SPACING.keptFresh}, once there are many marks. */
  old: 1_000,
  keptFresh: 60_000,
};

/** Bytes at the end of the file that are read first: several hundred marks. */
const TAIL = 16 * 1024;

/** So many marks are added before old ones are thinned out. */
const THIN_AFTER = 4_096;

/**
 * When which part of a log was written: a line of text for each twentieth of a second in which something
 * came. The log itself is what the app wrote, byte by byte, so its times are kept beside it.
 */
export class TimeIndex {
  readonly #path: string;
  #last = 0;
  #added = 0;

  constructor(logPath: string) {
    this.#path = `${logPath}.times`;
  }

  /** Notes the time of what begins here, unless the last mark is as good as new. */
  note(mark: TimeMark): void {
    if (mark.time >= this.#last && mark.time - this.#last < SPACING.fresh) return;
    this.#last = mark.time;
    setAsideUnlessFile(this.#path);
    appendFileSync(this.#path, lineOf(mark), { mode: 0o600 });
    if (++this.#added >= THIN_AFTER) this.#write(thinned(this.read(), mark.time - SPACING.keptFresh));
  }

  read(): TimeMark[] {
    let text: string;
    try {
      text = readTextFile(this.#path);
    } catch {
      return [];
    }
    return marksIn(text);
  }

  /** The newest marks, oldest first: as many as it takes until the first of them is `enough`, or all. */
  newest(enough: (oldest: TimeMark) => boolean): TimeMark[] {
    let file: number;
    try {
      file = openSync(this.#path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    } catch {
      return [];
    }
    try {
      const { size } = fstatSync(file);
      for (let length = TAIL;; length *= 8) {
        const from = Math.max(0, size - length);
        const bytes = Buffer.alloc(size - from);
        const text = bytes.toString("latin1", 0, readSync(file, bytes, 0, bytes.length, from));
        // Read from the middle, it begins with a part of a line.
        const marks = marksIn(from === 0 ? text : text.slice(text.indexOf("\n") + 1));
        const [oldest] = marks;
        if (from === 0 || (oldest !== undefined && enough(oldest))) return marks;
      }
    } catch {
      return [];
    } finally {
      closeSync(file);
    }
  }

  /** Forgets files that are no more. */
  prune(oldest: number): void {
    this.#write(this.read().filter(({ rotations }) => rotations >= oldest));
  }

  remove(): void {
    rmSync(this.#path, { force: true });
  }

  #write(marks: readonly TimeMark[]): void {
    this.#added = 0;
    writeAtomic(this.#path, marks.map(lineOf).join(""), { mode: 0o600, durable: false });
  }
}

function marksIn(text: string): TimeMark[] {
  return text.split("\n").flatMap((line) => {
    const [rotations, offset, time] = line.split(" ").map(Number);
    return rotations === undefined || offset === undefined || time === undefined || !Number.isFinite(time)
      ? []
      : { rotations, offset, time };
  });
}

function lineOf({ rotations, offset, time }: TimeMark): string {
  return `${rotations} ${offset} ${time}\n`;
}

/** Without marks from before `fresh` that lie close behind another. A clock that was set back ends a row. */
function thinned(marks: readonly TimeMark[], fresh: number): TimeMark[] {
  let last = -Infinity;
  return marks.filter(({ time }) => {
    if (time < fresh && time >= last && time - last < SPACING.old) return false;
    last = time;
    return true;
  });
}
