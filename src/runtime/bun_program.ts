import { closeSync } from "node:fs";
import process from "node:process";
import { openLibc } from "./bun_ffi.ts";
import { withExactVariables } from "./exact_variables.ts";
import type { OutputHandler, ProgramOptions, StartedProgram } from "./types.ts";

type Stream = "stdout" | "stderr";

/** Bytes from which on a chunk costs little beside its copying. */
const LARGE = 16 * 1024;
/**
 * Small chunks in a row, each within `withinMs` of the one before, after which the reader lets them gather.
 */
const BURST = { chunks: 8, withinMs: 2, pauseMs: 5 };

/** {@link Runtime.startProgram} by Bun. */
export async function startProgram(
  file: string,
  args: readonly string[],
  { cwd, env, ownGroup, stdin, ownTerminal, output, verbatim }: ProgramOptions,
): Promise<StartedProgram> {
  if (ownTerminal && output !== "inherit") {
    const { startInTerminal } = await import("./bun_terminal.ts");
    return await startInTerminal(file, args, { cwd, env }, output);
  }
  const pipes = output === "inherit" ? undefined : openPipes();
  const exit = Promise.withResolvers<{ code: number | null; signal: string | null }>();
  const usual = output === "inherit" ? "inherit" : "pipe";
  let child: Bun.Subprocess;
  try {
    child = Bun.spawn(withExactVariables(file, args, env), {
      cwd,
      env,
      stdio: [stdin, pipes?.stdout.write ?? usual, pipes?.stderr.write ?? usual],
      detached: ownGroup,
      windowsHide: ownGroup,
      windowsVerbatimArguments: verbatim,
      onExit: (_, code, signal) =>
        exit.resolve({ code: signal === null ? code : null, signal: signalName(signal) }),
    });
  } catch (error) {
    for (const pipe of Object.values(pipes ?? {})) closeSync(pipe.read);
    throw error;
  } finally {
    for (const pipe of Object.values(pipes ?? {})) closeSync(pipe.write);
  }
  const readers = output === "inherit"
    ? []
    : (["stdout", "stderr"] as const).map((stream) =>
      new PipeReader(stream, {
        bytes: pipes === undefined ? child[stream] : Bun.file(pipes[stream].read).stream(65536),
        descriptor: pipes?.[stream].read,
        output,
      })
    );
  return {
    pid: child.pid,
    exited: exit.promise,
    passedOn: Promise.all(readers.map((reader) => reader.run())).then(() => {}),
    get hasExited() {
      return child.exitCode !== null || child.signalCode !== null;
    },
    closeOutput() {
      for (const reader of readers) reader.close();
    },
  };
}

/** Passes on what a program writes to one of its streams. */
class PipeReader {
  readonly #stream: Stream;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #output: OutputHandler;
  #descriptor: number | undefined;

  /** @param options.descriptor what to close with it */
  constructor(stream: Stream, { bytes, descriptor, output }: {
    bytes: ReadableStream<Uint8Array>;
    descriptor: number | undefined;
    output: OutputHandler;
  }) {
    this.#stream = stream;
    this.#reader = bytes.getReader();
    this.#descriptor = descriptor;
    this.#output = output;
  }

  /** Resolves when all was passed on, or the stream was closed. */
  async run(): Promise<void> {
    let small = 0;
    let last = 0;
    try {
      for (let part = await this.#reader.read(); !part.done; part = await this.#reader.read()) {
        const isQuick = part.value.length < LARGE && performance.now() - last < BURST.withinMs;
        small = isQuick ? small + 1 : 0;
        if (!await this.#output(this.#stream, part.value)) break;
        // A program that writes a line at a time would wake haft for each of its lines.
        if (small > BURST.chunks) await new Promise((resolve) => setTimeout(resolve, BURST.pauseMs));
        last = performance.now();
      }
    } catch {
      // Closed, because another process keeps it open.
    }
    this.close();
  }

  /** Reads no more: a program that goes on writing meets SIGPIPE. */
  close(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    void this.#reader.cancel().catch(() => {}).finally(() => {
      if (descriptor !== undefined) closeSync(descriptor);
    });
  }
}

/** Both ends of a pipe. */
interface Pipe {
  read: number;
  write: number;
}

const O_CLOEXEC = 0o2000000;

/**
 * Bun's own pipes are sockets, which Linux does not open by the name `/dev/stdout`. Undefined on other
 * systems: macOS opens them, and Windows has no such names.
 */
function openPipes(): Record<Stream, Pipe> | undefined {
  if (process.platform !== "linux") return undefined;
  const stdout = openPipe();
  try {
    return { stdout, stderr: openPipe() };
  } catch (error) {
    closeSync(stdout.read);
    closeSync(stdout.write);
    throw error;
  }
}

interface PipeCalls {
  pipe2(descriptors: Int32Array, flags: number): number;
}

let calls: PipeCalls | undefined;

function openPipe(): Pipe {
  calls ??= openLibc<PipeCalls>({ pipe2: { args: ["ptr", "i32"], returns: "i32" } });
  const ends = new Int32Array(2);
  const [read = -1, write = -1] = calls.pipe2(ends, O_CLOEXEC) === 0 ? ends : [];
  if (read < 0) throw new Error("The system has no more descriptors for a pipe");
  return { read, write };
}

/** Bun says a number of a signal that it has no name for. */
function signalName(signal: string | number | null): string | null {
  return typeof signal === "number" ? `signal ${signal}` : signal;
}
