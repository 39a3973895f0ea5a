/** What a command is sent that goes on after Ctrl-C, one with each further press. */
const STRONGER = ["SIGTERM", "SIGKILL"] as const;
type Stronger = typeof STRONGER[number];

/** Milliseconds in which a further Ctrl-C means the command, and not what it did since the last one. */
const SERIES_MS = 5_000;

/** Which signal a person means who presses Ctrl-C again, because a command ignores the first. */
export class Insistence {
  readonly #now: () => number;
  #last = -Infinity;
  #sent = 0;

  /** @param options.now milliseconds of a clock that nobody sets */
  constructor({ now = () => performance.now() }: { now?: () => number } = {}) {
    this.#now = now;
  }

  /**
   * Another press, which the command has got, too, if it has the terminal.
   *
   * @param options.isAtPrompt asked for one that would count: at a prompt Ctrl-C clears the line
   * @returns the signal to send; undefined for the first press of a series
   */
  press({ isAtPrompt = () => false }: { isAtPrompt?: () => boolean } = {}): Stronger | undefined {
    const isSoon = this.#now() - this.#last <= SERIES_MS;
    this.#last = this.#now();
    return isSoon && !isAtPrompt() ? this.next() : undefined;
  }

  /** @returns undefined when all have been sent */
  next(): Stronger | undefined {
    return STRONGER[this.#sent++];
  }
}

/** What is said when the signal is sent. */
export function insistenceText(signal: Stronger): string {
  return signal === "SIGTERM"
    ? "still runs after Ctrl-C, and is sent SIGTERM; Ctrl-C once more kills it"
    : "still runs, and is killed (SIGKILL)";
}
