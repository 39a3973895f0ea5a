import { Buffer } from "node:buffer";
import { ProgramText } from "../../ui/program_text.ts";
import { textColumns } from "../../runtime/text_columns.ts";
import { createStyle, type Style } from "../../ui/style.ts";
import { cellText } from "../../ui/terminal_text.ts";
import type { Context } from "../command.ts";
import type { Output } from "../output.ts";
import type { OutputMode } from "./run_options.ts";

type Stream = "stdout" | "stderr";

/** Where the output of one task goes. */
export interface TaskOutput {
  /** @returns whether the stream still has a reader; a write to one without is dropped */
  write(stream: Stream, chunk: Uint8Array): Promise<boolean>;
  /** The task is over: what is left of a line, and what was held back, goes out. */
  end(): Promise<void>;
}

/** One stream of a task on its way out. */
interface Lane {
  push(chunk: Uint8Array): Promise<void>;
  /** What is left of a line goes out. */
  end(): Promise<void>;
}

const COLOURS = ["cyan", "green", "yellow", "red"] as const;

/** Makes the outputs of a run's tasks. */
export class TaskOutputs {
  readonly #context: Pick<Context, "stdout" | "stderr">;
  readonly #mode: OutputMode | "filtered";
  readonly #timestamps: boolean;
  readonly #width: number;
  /** Whole blocks of lines go out one after the other. */
  #last: Promise<void> = Promise.resolve();

  constructor(
    context: Pick<Context, "stdout" | "stderr">,
    { mode, timestamps, labels }: {
      /** `filtered`: of one task, text on a terminal and its bytes elsewhere. */
      mode: OutputMode | "filtered";
      timestamps: boolean;
      labels: readonly string[];
    },
  ) {
    this.#context = context;
    this.#mode = mode;
    this.#timestamps = timestamps;
    this.#width = Math.max(0, ...labels.map((label) => textColumns(cellText(label))));
  }

  of(label: string, index: number): TaskOutput {
    const streams = {
      stdout: this.#lane("stdout", label, index),
      stderr: this.#lane("stderr", label, index),
    };
    const write = async (stream: Stream, chunk: Uint8Array) => {
      await streams[stream].push(chunk);
      return !this.#context[stream].closed;
    };
    const end = async () => {
      await streams.stdout.end();
      await streams.stderr.end();
    };
    if (this.#mode !== "grouped") return { write, end };
    const held: [Stream, Uint8Array][] = [];
    return {
      write: (stream, chunk) => {
        const { closed } = this.#context[stream];
        if (!closed) held.push([stream, Uint8Array.from(chunk)]);
        return Promise.resolve(!closed);
      },
      async end() {
        for (const [stream, chunk] of held.splice(0)) await write(stream, chunk);
        await end();
      },
    };
  }

  /** Text with its controls filtered is for terminals: into a file or a pipe go the task's own bytes. */
  #lane(stream: Stream, label: string, index: number): Lane {
    const output = this.#context[stream];
    const bare = !this.#timestamps && (this.#mode === "raw" || this.#mode === "filtered");
    if (bare && (this.#mode === "raw" || !output.isTTY)) {
      return { push: (chunk) => output.bytes(chunk), end: () => Promise.resolve() };
    }
    const prefix = (style: Style) => this.#prefix(label, index, style);
    if (output.isTTY) {
      return new TextLines(output, {
        prefix,
        emit: (text) => this.#emit(() => output.write(text)),
      });
    }
    return new ByteLines(output, { prefix, emit: (bytes) => this.#emit(() => output.bytes(bytes)) });
  }

  #prefix(label: string, index: number, style: Style): string {
    const time = this.#timestamps ? style.dim(`${new Date().toISOString().slice(11, 23)} `) : "";
    if (this.#mode !== "prefixed" && this.#mode !== "grouped") return time;
    const paint = style[COLOURS[index % COLOURS.length] ?? "cyan"];
    const shown = cellText(label);
    return `${time}${paint(shown + " ".repeat(Math.max(0, this.#width - textColumns(shown))))} | `;
  }

  #emit(write: () => Promise<void>): Promise<void> {
    return this.#last = this.#last.then(write);
  }
}

/** Whole lines with a prefix, for a terminal. */
class TextLines implements Lane {
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  readonly #text: ProgramText;
  readonly #style: Style;
  readonly #options: { prefix: (style: Style) => string; emit: (text: string) => Promise<void> };
  #rest = "";

  constructor(
    { color }: Output,
    options: { prefix: (style: Style) => string; emit: (text: string) => Promise<void> },
  ) {
    this.#options = options;
    this.#style = createStyle(color);
    this.#text = new ProgramText({ color });
  }

  async push(chunk: Uint8Array): Promise<void> {
    const text = this.#decoder.decode(chunk, { stream: true });
    await this.#lines(this.#text.push(text));
  }

  async end(): Promise<void> {
    const text = this.#decoder.decode();
    await this.#lines(this.#text.push(text) + this.#text.end());
    if (this.#rest !== "") await this.#lines("\n");
  }

  async #lines(text: string): Promise<void> {
    const all = this.#rest + text;
    const end = all.lastIndexOf("\n") + 1;
    this.#rest = all.slice(end);
    if (end === 0) return;
    const { prefix, emit } = this.#options;
    const lines = all.slice(0, end - 1).split("\n");
    await emit(lines.map((line) => `${prefix(this.#style)}${line}\n`).join(""));
  }
}

/** The longest piece of a line that waits for its end. */
const LONGEST_PIECE = 1024 * 1024;
const NEWLINE = 10;

/** Whole lines with a prefix, else byte for byte, for a file or a pipe. */
class ByteLines implements Lane {
  readonly #style: Style;
  readonly #options: { prefix: (style: Style) => string; emit: (bytes: Uint8Array) => Promise<void> };
  #rest = Buffer.alloc(0);
  /** A piece of the line is out, so what follows has no prefix. */
  #begun = false;

  constructor(
    { color }: Output,
    options: { prefix: (style: Style) => string; emit: (bytes: Uint8Array) => Promise<void> },
  ) {
    this.#style = createStyle(color);
    this.#options = options;
  }

  async push(chunk: Uint8Array): Promise<void> {
    const all = Buffer.concat([this.#rest, chunk]);
    const end = all.length > LONGEST_PIECE ? all.length : all.lastIndexOf(NEWLINE) + 1;
    this.#rest = Buffer.from(all.subarray(end));
    await this.#lines(all.subarray(0, end));
  }

  async end(): Promise<void> {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    // Another task's line, or prefix, must not follow on the same line.
    if (rest.length > 0 || this.#begun) await this.#lines(Buffer.concat([rest, Buffer.from("\n")]));
  }

  async #lines(bytes: Buffer): Promise<void> {
    if (bytes.length === 0) return;
    const { prefix, emit } = this.#options;
    const before = Buffer.from(prefix(this.#style));
    const parts: Uint8Array[] = [];
    for (let at = 0; at < bytes.length;) {
      const newline = bytes.indexOf(NEWLINE, at);
      const end = newline === -1 ? bytes.length : newline + 1;
      if (!this.#begun) parts.push(before);
      parts.push(bytes.subarray(at, end));
      this.#begun = newline === -1;
      at = end;
    }
    await emit(Buffer.concat(parts));
  }
}
