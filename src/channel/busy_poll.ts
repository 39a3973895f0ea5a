/**
 * In a streak of requests one after the other, each of which is answered within microseconds, most of a round
 * trip is the time that the system takes to wake this process. There it looks for the answer instead of
 * sleeping, for about as long as an answer takes, and gives up for a while when none came.
 */

/** Milliseconds of looking, which is the longest that anything else in this process waits for it. */
export const LONGEST_POLL_MS = 0.06;
/** Milliseconds: later answers, and requests that come later after an answer, end a streak. */
const SOON_MS = 0.25;
/** Round trips after which a streak is one; more, for as long as answers are late. */
const STREAK = 4;
const LONGEST_STREAK = 4096;

export class BusyPoll {
  #askedAt = 0;
  #heardAt = -Infinity;
  #streak = 0;
  #needed = STREAK;

  /**
   * A request has gone out; no other one is in flight.
   *
   * @param now by `performance.now()`
   * @param poll looks for input; false when none came
   */
  asked(now: number, poll: (ms: number) => boolean): void {
    this.#askedAt = now;
    if (now - this.#heardAt > SOON_MS) this.#streak = 0;
    if (this.#streak < this.#needed) return;
    if (poll(LONGEST_POLL_MS)) {
      this.#needed = Math.max(STREAK, this.#needed - 1);
    } else {
      this.#needed = Math.min(LONGEST_STREAK, this.#needed * 2);
      this.#streak = 0;
    }
  }

  /** Something came. */
  heard(now: number): void {
    this.#heardAt = now;
    this.#streak = now - this.#askedAt > SOON_MS ? 0 : this.#streak + 1;
  }
}
