/** What a command is sent that goes on after Ctrl-C, one with each further press. */
const STRONGER = ["SIGTERM", "SIGKILL"] as const;
type Stronger = typeof STRONGER[number];

/** Milliseconds in which a further Ctrl-C means the command, and not what it did since the last one. */
const SERIES_MS = 5_000;
/** Milliseconds in which a program that has handled Ctrl-C is back at its prompt, or has ended. */
export const HANDLED_MS = 500;

/** Which signal a person means who presses Ctrl-C again, because a command ignores the first. */
export class Insistence {
  readonly #now: () => number;
  #last = -Infinity;
  #undecided = false;
  #sent = 0;

  /** @param options.now milliseconds of a clock that nobody sets */
  constructor({ now = () => performance.now() }: { now?: () => number } = {}) {
    this.#now = now;
  }

  /**
   * Ctrl-C was pressed, and the command has got it.
   *
   * @returns whether it may mean more than that: {@link decide} is to be called after {@link HANDLED_MS}
   */
  press(): boolean {
    const isSoon = this.#now() - this.#last <= SERIES_MS;
    this.#last = this.#now();
    if (!isSoon || this.#undecided) return false;
    return this.#undecided = true;
  }

  /**
   * @param options.isAtPrompt the command waits for keys: its Ctrl-C clears the line
   * @returns the signal to send
   */
  decide({ isAtPrompt }: { isAtPrompt: boolean }): Stronger | undefined {
    this.#undecided = false;
    return isAtPrompt ? undefined : this.next();
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
