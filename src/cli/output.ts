import { terminalText } from "../ui/terminal_text.ts";

/** Where text goes: stdout or stderr. */
export interface Output {
  /**
   * Writes text for a person; resolves when the system has taken it. What could act on a terminal is shown
   * instead, save line breaks, tabs and haft's own colours.
   */
  write(text: string): Promise<void>;
  /**
   * Writes what a program reads: exactly as it is into a file or a pipe, and as {@link write} on a terminal.
   */
  data(text: string): Promise<void>;
  /** Passes on what a program wrote, byte for byte; the user has chosen to see it so. */
  bytes(chunk: Uint8Array): Promise<void>;
  /** Draws on a terminal: control sequences pass. The caller answers for the text in between. */
  draw(text: string): Promise<void>;
  /** Whether the reader has gone; what is written then is dropped. */
  readonly closed: boolean;
  /** Why text was lost, other than that the reader has gone: the disk is full. */
  readonly failure?: Error | undefined;
  readonly isTTY: boolean;
  /** Columns of the terminal now, 80 where there is none. Read it again after a resize. */
  readonly columns: number;
  /** Whether text is coloured: by `--color`, else on a terminal, unless NO_COLOR or TERM=dumb is set. */
  readonly color: boolean;
  useColor(when: ColorChoice): void;
}

export const COLOR_CHOICES = ["auto", "always", "never"] as const;
export type ColorChoice = typeof COLOR_CHOICES[number];

/** What an output writes to. */
export interface Sink {
  put(text: string | Uint8Array): Promise<void>;
  readonly closed: boolean;
  readonly failure?: Error | undefined;
  readonly isTTY: boolean;
  readonly columns: number;
}

/** An output over a sink: the one place that text passes on its way out. */
export class SinkOutput implements Output {
  readonly #sink: Sink;
  readonly #usual: boolean;
  #color: boolean;

  /** @param color whether to use colours when `--color` does not say */
  constructor(sink: Sink, { color }: { color: boolean }) {
    this.#sink = sink;
    this.#usual = color;
    this.#color = color;
  }

  write(text: string): Promise<void> {
    return this.#sink.put(terminalText(text, { color: this.#color }));
  }

  data(text: string): Promise<void> {
    return this.isTTY ? this.write(text) : this.#sink.put(text);
  }

  bytes(chunk: Uint8Array): Promise<void> {
    return this.#sink.put(chunk);
  }

  draw(text: string): Promise<void> {
    return this.#sink.put(text);
  }

  get closed(): boolean {
    return this.#sink.closed;
  }

  get failure(): Error | undefined {
    return this.#sink.failure;
  }

  get isTTY(): boolean {
    return this.#sink.isTTY;
  }

  get columns(): number {
    return this.#sink.columns;
  }

  get color(): boolean {
    return this.#color;
  }

  useColor(when: ColorChoice): void {
    this.#color = when === "auto" ? this.#usual : when === "always";
  }
}
