import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { clearTimeout, setTimeout } from "node:timers";
import { setTimeout as delay } from "node:timers/promises";

export interface Ended {
  /** Null when it was killed. */
  code: number | null;
  /** stdout and stderr, as they came. */
  output: string;
}

/**
 * A Windows program that runs under Wine. It is killed when its time is over, which fails whoever waits for
 * it.
 */
export class WineProcess {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  /**
   * A file, because the sockets that are a child's pipes on Linux are nothing that Node on Windows can write
   * to.
   */
  readonly #output: string;
  #over = false;

  constructor(argv: readonly string[], { cwd, env = {}, limitMs = 30_000 }: WineOptions = {}) {
    this.#output = join(mkdtempSync(join(process.env["WINEPREFIX"] ?? tmpdir(), "output-")), "output");
    const output = openSync(this.#output, "a");
    this.#child = spawn("wine", argv, {
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...process.env, ...env },
      stdio: ["ignore", output, output],
    });
    closeSync(output);
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), limitMs);
    this.ended = new Promise((resolve, reject) => {
      this.#child.once("error", reject);
      this.#child.once("exit", (code) => {
        clearTimeout(timer);
        this.#over = true;
        resolve({ code, output: this.#read() });
      });
    });
  }

  /** Resolves when the text has been printed. @throws when it ends without it */
  async printed(text: string): Promise<void> {
    while (!this.#read().includes(text)) {
      if (this.#over) throw new Error(`It ended without "${text}": ${this.#read()}`);
      await delay(LOOK_MS);
    }
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
  }

  #read(): string {
    return readFileSync(this.#output, "utf8").replaceAll("\r", "");
  }
}

export interface WineOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** Milliseconds. */
  limitMs?: number;
}

/** Between two looks at what a program has printed. */
const LOOK_MS = 20;

/** What Wine itself says when its server ended while a program began, or `start` found none. */
const NOT_BEGUN = /^(?:wine client error:|ShellExecuteEx failed: Internal error)/m;

export async function wine(argv: readonly string[], options: WineOptions = {}): Promise<Ended> {
  const ended = await new WineProcess(argv, options).ended;
  return hasBegun(ended) ? ended : await new WineProcess(argv, options).ended;
}

/** Whatever fails here says why; Wine's own failures do not always. */
function hasBegun({ code, output }: Ended): boolean {
  return !NOT_BEGUN.test(output) && !(code === 1 && output === "");
}

/** Runs it to its end, which has to be this exit code with this text in its output. */
export async function wineEnds(
  argv: readonly string[],
  { code, text = "", ...options }: WineOptions & { code: number; text?: string },
): Promise<string> {
  const ended = await wine(argv, options);
  if (ended.code === code && ended.output.includes(text)) return ended.output;
  throw new Error(`exit code ${ended.code}, not ${code} with "${text}": ${ended.output}`);
}
