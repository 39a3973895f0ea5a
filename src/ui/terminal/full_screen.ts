import { writeSync } from "node:fs";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { errorCode } from "../../base/errors.ts";
import { terminalColumns, terminalRows } from "../../base/terminal_size.ts";
import { FramePace } from "./frame_pace.ts";
import { FrameWriter } from "./frame_writer.ts";
import { type Input, KeyReader } from "./keys.ts";

/** The alternate screen without cursor and line wrapping; presses and the wheel are reported. */
const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[?1000h\u001b[?1006h";
const LEAVE = "\u001b[m\u001b[?1006l\u001b[?1000l\u001b[?7h\u001b[?25h\u001b[?1049l";

/** At most 20 frames a second. */
const FRAME_MS = 50;

/** So many milliseconds after Escape, it is no beginning of another key. */
const ESCAPE_MS = 50;

/** Milliseconds for a terminal that is slow to take what was written. */
const PATIENCE_MS = 200;

/** Signals that end the process; the terminal is as before then. The context handles SIGINT and SIGTERM. */
const DEADLY = ["SIGHUP", "SIGQUIT"] as const;

/** Windows has none of these signals, and no job control. */
const HAS_SIGNALS = process.platform !== "win32";

export interface FullScreenOptions {
  /** Writes to the terminal as it is. */
  draw(text: string): Promise<void>;
  /** Exactly as many lines as the screen has rows, none wider than its columns. */
  render(size: ScreenSize): readonly string[];
  onInput(input: Input): void;
  /** The terminal has gone. */
  onHangup(): void;
}

export interface ScreenSize {
  columns: number;
  rows: number;
}

/**
 * A terminal that haft draws on whole, in raw mode. However the process ends or stops, the terminal is as it
 * was before: on an error and on `process.exit`, on a deadly signal, and while it is suspended.
 */
export class FullScreen implements AsyncDisposable {
  readonly #options: FullScreenOptions;
  readonly #frames = new FrameWriter();
  readonly #pace: FramePace;
  readonly #keys = new KeyReader();
  #escape: ReturnType<typeof setTimeout> | undefined;
  #state: "left" | "drawn" | "plain" = "left";
  #isSuspended = false;
  #drawing: Promise<void> = Promise.resolve();

  constructor(options: FullScreenOptions) {
    this.#options = options;
    this.#pace = new FramePace(() => this.#drawFrame(), { intervalMs: FRAME_MS });
  }

  get size(): ScreenSize {
    const { columns, rows } = process.stdout;
    return { columns: terminalColumns(columns), rows: terminalRows(rows) };
  }

  /** Takes the terminal. */
  enter(): void {
    if (this.#state !== "left") return;
    const { stdin, stdout } = process;
    stdin.setEncoding("utf8");
    stdin.on("data", this.#onData);
    stdin.on("end", this.#onEnd);
    stdin.on("error", this.#onEnd);
    stdout.on("resize", this.#onResize);
    process.on("exit", this.#restore);
    if (HAS_SIGNALS) {
      process.on("SIGCONT", this.#onContinue);
      process.on("SIGTSTP", this.#onSuspend);
      for (const signal of DEADLY) process.on(signal, this.#onDeadly);
    }
    this.#take();
    this.#state = "drawn";
    this.#screen(ENTER);
    this.request();
  }

  /** Gives the screen back, and goes on reading keys: what is written from now on scrolls as usual. */
  showPlain(): void {
    if (this.#state !== "drawn") return;
    this.#screen(LEAVE);
    this.#state = "plain";
  }

  /** Draws on the screen again. */
  showDrawn(): void {
    if (this.#state !== "plain") return;
    this.#state = "drawn";
    this.#screen(ENTER);
    this.request();
  }

  get isDrawn(): boolean {
    return this.#state === "drawn";
  }

  /** Something has changed: a frame follows soon. */
  request(): void {
    if (this.#state === "drawn") this.#pace.request();
  }

  /** Writes to the terminal beside the frames, such as a text for the clipboard. */
  send(text: string): void {
    void this.#options.draw(text).catch(this.#onEnd);
  }

  /** Stops this process, as Ctrl-Z does; it comes back with SIGCONT. */
  suspend(): void {
    if (HAS_SIGNALS) this.#onSuspend();
  }

  /** Gives the terminal back, after the frame that is being written. */
  async leave(): Promise<void> {
    this.#pace[Symbol.dispose]();
    await Promise.race([this.#drawing, delay(PATIENCE_MS)]);
    this.#leaveNow();
  }

  #leaveNow(): void {
    if (this.#state === "left") return;
    const { stdin, stdout } = process;
    this.#pace[Symbol.dispose]();
    clearTimeout(this.#escape);
    this.#restore();
    this.#state = "left";
    stdin.off("data", this.#onData);
    stdin.off("end", this.#onEnd);
    stdin.off("error", this.#onEnd);
    stdin.pause();
    stdin.unref?.();
    stdout.off("resize", this.#onResize);
    process.off("exit", this.#restore);
    if (HAS_SIGNALS) {
      process.off("SIGCONT", this.#onContinue);
      process.off("SIGTSTP", this.#onSuspend);
      for (const signal of DEADLY) process.off(signal, this.#onDeadly);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
  }

  async #drawFrame(): Promise<void> {
    if (this.#state !== "drawn") return;
    const { size } = this;
    const frame = this.#frames.frame(this.#options.render(size), size.columns);
    if (frame === "") return;
    this.#drawing = this.#options.draw(frame).catch(this.#onEnd);
    await this.#drawing;
  }

  #take(): void {
    const { stdin } = process;
    stdin.setRawMode(true);
    stdin.resume();
  }

  /** At once, and even where no promise settles any more: the process may be about to end. */
  #screen(text: string): void {
    this.#frames.forget();
    const deadline = performance.now() + PATIENCE_MS;
    while (performance.now() < deadline) {
      try {
        writeSync(1, text);
        return;
      } catch (error) {
        // The terminal has gone, and there is nothing to restore; or it has not read what was written before.
        if (errorCode(error) !== "EAGAIN") return;
      }
    }
  }

  readonly #restore = (): void => {
    if (this.#state === "drawn") this.#screen(LEAVE);
    try {
      process.stdin.setRawMode(false);
    } catch {
      // As above.
    }
  };

  readonly #onDeadly = (signal: NodeJS.Signals): void => {
    this.#leaveNow();
    process.kill(process.pid, signal);
  };

  readonly #onSuspend = (): void => {
    this.#restore();
    this.#isSuspended = true;
    process.off("SIGTSTP", this.#onSuspend);
    // The whole group, as the terminal's own Ctrl-Z: a program that started haft stops, too.
    process.kill(0, "SIGTSTP");
    // Where the system does not stop an orphan, and after SIGCONT, which may be the handler's.
    setTimeout(() => {
      if (this.#state === "left") return;
      process.on("SIGTSTP", this.#onSuspend);
      this.#onContinue();
    }, 20);
  };

  readonly #onContinue = (): void => {
    if (this.#state === "left") return;
    // What the runtime remembers of the mode is not what a shell has set meanwhile.
    process.stdin.setRawMode(false);
    this.#take();
    this.#frames.forget();
    if (this.#state === "drawn" && this.#isSuspended) this.#screen(ENTER);
    this.#isSuspended = false;
    this.request();
  };

  readonly #onResize = (): void => {
    // Terminals move text when they change their width.
    this.#frames.forget();
    this.request();
  };

  readonly #onEnd = (): void => this.#options.onHangup();

  readonly #onData = (text: string): void => {
    clearTimeout(this.#escape);
    for (const input of this.#keys.push(text)) this.#options.onInput(input);
    if (!this.#keys.isWaiting) return;
    this.#escape = setTimeout(() => {
      for (const input of this.#keys.flush()) this.#options.onInput(input);
    }, ESCAPE_MS);
  };
}
