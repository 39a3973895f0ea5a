import { TimeIndex, type TimeMark } from "./time_index.ts";

/** When the lines of a log were written. Reads no more of its marks than the questions need. */
export class LineTimes {
  readonly #index: TimeIndex;
  /** The newest, oldest first. */
  #marks: TimeMark[] = [];
  #areAll = false;

  constructor(path: string) {
    this.#index = new TimeIndex(path);
  }

  /**
   * The time of the last mark at or before a byte, in milliseconds since 1970. The first lines after a
   * rotation may have none of their own: then it is the last one of the file before.
   */
  at(number: number, offset: number): number | null {
    const [oldest] = this.#marks;
    if (!this.#areAll && (oldest === undefined || !isAtOrBefore(oldest, number, offset))) {
      this.#marks = this.#index.newest((mark) => isAtOrBefore(mark, number, offset));
      const [first] = this.#marks;
      this.#areAll = first === undefined || !isAtOrBefore(first, number, offset);
    }
    let [low, high] = [0, this.#marks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const mark = this.#marks[middle];
      if (mark !== undefined && isAtOrBefore(mark, number, offset)) low = middle + 1;
      else high = middle;
    }
    return this.#marks[low - 1]?.time ?? null;
  }

  /**
   * The last byte before the first line of that time; Infinity when none is that young. Since a clock may
   * have been set back, the first that is young enough may be anywhere.
   */
  before(number: number, since: number): number {
    const marks = this.#all();
    const beginning = marks.findLast(({ rotations }) => rotations < number);
    if (beginning !== undefined && beginning.time >= since) return 0;
    const mark = marks.find(({ rotations, time }) => rotations === number && time >= since);
    return mark === undefined ? Infinity : Math.max(0, mark.offset - 1);
  }

  /** Whether an older file may have lines of that time. */
  isOlder(number: number, since: number): boolean {
    return this.#all().some(({ rotations, time }) => rotations < number && time >= since);
  }

  #all(): TimeMark[] {
    if (!this.#areAll) this.#marks = this.#index.read();
    this.#areAll = true;
    return this.#marks;
  }
}

function isAtOrBefore(mark: TimeMark, number: number, offset: number): boolean {
  return mark.rotations < number || (mark.rotations === number && mark.offset <= offset);
}
