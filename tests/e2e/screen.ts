import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import xterm from "@xterm/headless";
import { until } from "../support/until.ts";
import { type Haft, hasProgram, type Sandbox } from "./support.ts";

if (!hasProgram("script")) throw new Error("These tests need script(1), which is part of util-linux");

/** Far above what anything takes. */
const HANG_MS = 60_000;

/** haft in a terminal of its own, and what a person sees there. */
export class Screen implements AsyncDisposable {
  readonly #terminal: xterm.Terminal;
  readonly #child: ReturnType<typeof spawn>;
  readonly #notes: string;
  readonly #ended: Promise<number | null>;
  /** Whether the exit code is in. */
  hasEnded = false;
  /** All that was written to the terminal, as it came. */
  written = "";

  private constructor(child: ReturnType<typeof spawn>, { columns, rows, notes }: {
    columns: number;
    rows: number;
    notes: string;
  }) {
    this.#child = child;
    this.#notes = notes;
    this.#terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.written += text;
      this.#terminal.write(text);
    });
    this.#ended = new Promise((resolve) =>
      child.on("close", (code) => {
        this.hasEnded = true;
        resolve(code);
      })
    );
  }

  static open(
    { sandbox, haft, args, columns = 80, rows = 24, env = {} }: {
      sandbox: Sandbox;
      haft: Haft;
      args: readonly string[];
      columns?: number;
      rows?: number;
      env?: Record<string, string>;
    },
  ): Screen {
    const notes = join(sandbox.root, `screen-${crypto.randomUUID()}`);
    const words = [...haft.argv, ...args].map((word) => `'${word}'`).join(" ");
    // The shell stays, so that what it finds of the terminal afterwards is what haft has left.
    const script = `stty cols ${columns} rows ${rows}; tty > ${notes}.tty; stty -a > ${notes}.before
sh -c 'echo $$ > ${notes}.pid; exec "$@"' sh ${words}; code=$?; stty -a > ${notes}.after; exit $code`;
    const child = spawn("script", ["--quiet", "--return", "--flush", "--command", script, "/dev/null"], {
      cwd: sandbox.project,
      env: sandbox.environment({ TERM: "xterm-256color", ...env }),
      stdio: ["pipe", "pipe", "inherit"],
    });
    return new Screen(child, { columns, rows, notes });
  }

  /** haft's own process. */
  get pid(): number {
    return Number(readFileSync(`${this.#notes}.pid`, "utf8"));
  }

  /** Whether the terminal shows the screen that programs draw on, and not the one that scrolls. */
  get isFullScreen(): boolean {
    return this.#terminal.buffer.active.type === "alternate";
  }

  /** Whether the terminal tells of the mouse. */
  get hasMouse(): boolean {
    return this.#terminal.modes.mouseTrackingMode !== "none";
  }

  /** What the screen shows, or of a scrolling one its whole text. */
  get text(): string {
    const { active } = this.#terminal.buffer;
    const lines = Array.from(
      { length: active.length },
      (_, at) => active.getLine(at)?.translateToString(true),
    );
    return lines.join("\n").trimEnd();
  }

  /** Whether a line was too long for the terminal. */
  get isWrapped(): boolean {
    const { active } = this.#terminal.buffer;
    return Array.from({ length: active.length }, (_, at) => active.getLine(at)?.isWrapped).includes(true);
  }

  /** Whether the settings of the terminal are, after the end, those of before. */
  get isRestored(): boolean {
    const before = readFileSync(`${this.#notes}.before`, "utf8");
    return before === readFileSync(`${this.#notes}.after`, "utf8") && !this.isFullScreen && !this.hasMouse;
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  /** Makes the terminal another size, as a person who pulls at its window. */
  async resize(columns: number, rows: number): Promise<void> {
    const tty = readFileSync(`${this.#notes}.tty`, "utf8").trim();
    this.#terminal.resize(columns, rows);
    const stty = spawn("stty", ["-F", tty, "cols", String(columns), "rows", String(rows)]);
    await new Promise((resolve) => stty.on("close", resolve));
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name);
  }

  /** Waits until the screen is as wanted. */
  async until(what: string | RegExp | ((text: string) => boolean)): Promise<void> {
    const holds = typeof what === "function"
      ? what
      : (text: string) => typeof what === "string" ? text.includes(what) : what.test(text);
    await until(() => this.text, `the screen has ${what}`, { passes: holds });
  }

  /** haft's exit code. */
  async ended(): Promise<number | null> {
    const hang = delay(HANG_MS, "hangs" as const, { ref: false });
    const code = await Promise.race([this.#ended, hang]);
    if (code === "hangs") throw new Error(`haft does not end:\n${this.text}`);
    // What was written last is on the screen when the terminal has read it.
    await new Promise<void>((resolve) => this.#terminal.write("", resolve));
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.hasEnded) {
      try {
        this.signal("SIGKILL");
      } catch {
        this.#child.kill("SIGKILL");
      }
    }
    this.#child.stdin?.end();
    await this.#ended;
    this.#terminal.dispose();
  }
}
