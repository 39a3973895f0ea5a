import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { Supervisor } from "./app_supervisors.ts";
import { processorTime } from "./process_state.ts";

/** Follows the writer's log and counts its lines. */
export class Reader {
  lines = 0;
  readonly #child: ReturnType<typeof spawn>;

  constructor({ follow: [program = "", ...args], env, cwd }: Supervisor) {
    this.#child = spawn(program, args, { env, cwd, stdio: ["ignore", "pipe", "ignore"] });
    this.#child.stdout?.on("data", (chunk: Uint8Array) => {
      for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) this.lines++;
    });
  }

  processor(): number {
    return processorTime(this.#child.pid ?? 0);
  }

  end(): void {
    this.#child.kill("SIGKILL");
  }
}

/** A program on a terminal of 120 columns. */
export class Pty {
  bytes = 0;
  /** What came at once. */
  pieces = 0;
  readonly #child: ReturnType<typeof spawn>;
  readonly #note: string;

  /** @param directory for its own notes */
  constructor(argv: readonly string[], { env, cwd }: Supervisor, directory: string) {
    this.#note = join(directory, "pid");
    const words = argv.map((word) => `'${word}'`).join(" ");
    const start = join(directory, "start.sh");
    writeFileSync(start, `stty cols 120 rows 40\necho $$ > '${this.#note}'\nexec ${words}\n`);
    this.#child = spawn("script", ["--quiet", "--flush", "--command", `sh ${start}`, "/dev/null"], {
      env: { ...env, TERM: "xterm-256color" },
      cwd,
      stdio: ["pipe", "pipe", "ignore"],
    });
    this.#child.stdout?.on("data", (chunk: Uint8Array) => {
      this.bytes += chunk.length;
      this.pieces++;
    });
  }

  pid(): number {
    return Number(readFileSync(this.#note, "utf8"));
  }

  processor(): number {
    return processorTime(this.pid());
  }

  end(): void {
    process.kill(this.pid(), "SIGKILL");
    this.#child.kill("SIGKILL");
  }
}
