import { appendFileSync, rmSync } from "node:fs";
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

/**
 * When which part of a log was written: a line of text for each second in which something came. The log
 * itself is what the app wrote, byte by byte, so its times are kept beside it.
 */
export class TimeIndex {
  readonly #path: string;
  #last = 0;

  constructor(logPath: string) {
    this.#path = `${logPath}.times`;
  }

  /** Notes the time of what begins here, at most once a second. */
  note(mark: TimeMark): void {
    if (mark.time >= this.#last && mark.time - this.#last < 1_000) return;
    this.#last = mark.time;
    setAsideUnlessFile(this.#path);
    appendFileSync(this.#path, `${mark.rotations} ${mark.offset} ${mark.time}\n`, { mode: 0o600 });
  }

  read(): TimeMark[] {
    let text: string;
    try {
      text = readTextFile(this.#path);
    } catch {
      return [];
    }
    return text.split("\n").flatMap((line) => {
      const [rotations, offset, time] = line.split(" ").map(Number);
      return rotations === undefined || offset === undefined || time === undefined || !Number.isFinite(time)
        ? []
        : { rotations, offset, time };
    });
  }

  /** Forgets files that are no more. */
  prune(oldest: number): void {
    const kept = this.read().filter(({ rotations }) => rotations >= oldest);
    const text = kept.map(({ rotations, offset, time }) => `${rotations} ${offset} ${time}\n`).join("");
    writeAtomic(this.#path, text, { mode: 0o600, durable: false });
  }

  remove(): void {
    rmSync(this.#path, { force: true });
  }
}
