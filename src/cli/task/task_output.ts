import { ProgramText } from "../../ui/program_text.ts";
import { createStyle, type Style } from "../../ui/style.ts";
import type { Context } from "../command.ts";
import type { Output } from "../output.ts";
import type { OutputMode } from "./run_options.ts";

type Stream = "stdout" | "stderr";

/** Where the output of one task goes. */
export interface TaskOutput {
  write(stream: Stream, chunk: Uint8Array): Promise<void>;
  /** The task is over: what is left of a line, and what was held back, goes out. */
  end(): Promise<void>;
}

const COLOURS = ["cyan", "green", "yellow", "red"] as const;

/** Makes the outputs of a run's tasks. */
export class TaskOutputs {
  readonly #context: Pick<Context, "stdout" | "stderr">;
  readonly #mode: OutputMode;
  readonly #timestamps: boolean;
  readonly #width: number;
  /** Whole blocks of lines go out one after the other. */
  #last: Promise<void> = Promise.resolve();

  constructor(
    context: Pick<Context, "stdout" | "stderr">,
    { mode, timestamps, labels }: { mode: OutputMode; timestamps: boolean; labels: readonly string[] },
  ) {
    this.#context = context;
    this.#mode = mode;
    this.#timestamps = timestamps;
    this.#width = Math.max(0, ...labels.map(({ length }) => length));
  }

  of(label: string, index: number): TaskOutput {
    if (this.#mode === "raw" && !this.#timestamps) return rawOutput(this.#context);
    const lines = (stream: Stream) =>
      new Lines(this.#context[stream], {
        prefix: (style) => this.#prefix(label, index, style),
        emit: (text) => this.#emit(stream, text),
      });
    const streams = { stdout: lines("stdout"), stderr: lines("stderr") };
    if (this.#mode !== "grouped") {
      return {
        write: (stream, chunk) => streams[stream].push(chunk),
        async end() {
          await streams.stdout.end();
          await streams.stderr.end();
        },
      };
    }
    const held: [Stream, Uint8Array][] = [];
    return {
      write(stream, chunk) {
        held.push([stream, Uint8Array.from(chunk)]);
        return Promise.resolve();
      },
      async end() {
        for (const [stream, chunk] of held.splice(0)) await streams[stream].push(chunk);
        await streams.stdout.end();
        await streams.stderr.end();
      },
    };
  }

  #prefix(label: string, index: number, style: Style): string {
    const time = this.#timestamps ? style.dim(`${new Date().toISOString().slice(11, 23)} `) : "";
    if (this.#mode === "quiet" || this.#mode === "raw") return time;
    const paint = style[COLOURS[index % COLOURS.length] ?? "cyan"];
    return `${time}${paint(label.padEnd(this.#width))} | `;
  }

  #emit(stream: Stream, text: string): Promise<void> {
    this.#last = this.#last.then(() => this.#context[stream].write(text));
    return this.#last;
  }
}

function rawOutput(context: Pick<Context, "stdout" | "stderr">): TaskOutput {
  return {
    write: (stream, chunk) => context[stream].bytes(chunk),
    end: () => Promise.resolve(),
  };
}

/** Cuts a stream into whole lines with a prefix. */
class Lines {
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
    // A pipe may end at a terminal, so it gets the same text. `--output raw` passes bytes on as they are.
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
