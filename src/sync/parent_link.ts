import type { Buffer } from "node:buffer";
import { tmpdir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import type { Env } from "../base/env.ts";
import { errorMessage, HaftError } from "../base/errors.ts";
import { Disconnected, Io, TimedOut } from "../channel/mod.ts";
import { resolveEndpoint } from "../channel/resolve_endpoint.ts";
import { nobodyListens } from "../socket/absent.ts";
import { FrameDecoder } from "../socket/framing/frame_decoder.ts";
import { FrameWriter } from "../socket/framing/frame_writer.ts";
import { preamble } from "../socket/framing/framing.ts";
import { decodeJson } from "../socket/framing/json_text.ts";
import { connect, type Socket, type SocketHandler } from "../socket/mod.ts";
import { INSTALL_FRAME_BYTES } from "./install_channel.ts";

/** Milliseconds that a parent has for its first bytes before the child speaks first, by length. */
const PARENT_SPEAKS = 1_000;
/** Milliseconds after which fewer than four bytes count as a short line. */
const SHORT_LINE = 100;
/** Milliseconds for the last words to go out. */
const FAREWELL = 5_000;
/** Bytes that wait for a parent that does not read; progress beyond them is left out. */
const MOST_QUEUED = 1024 * 1024;

/**
 * The child's end of an install's channel: one JSON value in, many out. The parent may be any program, so the
 * child waits for its first bytes, which tell the framing, and says nothing before them. A parent that waits
 * for the child, as haft's own channels do, gets an empty frame after a second.
 */
export class ParentLink implements AsyncDisposable {
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>;
  readonly #decoder = new FrameDecoder({ maxFrameBytes: INSTALL_FRAME_BYTES });
  readonly #name: string;
  readonly #socket: Socket;
  #job = Promise.withResolvers<unknown>();
  #waits = true;
  readonly #gone = Promise.withResolvers<void>();
  readonly #speaksFirst: ReturnType<typeof setTimeout>;
  #shortLine: ReturnType<typeof setTimeout> | undefined;
  #writer: FrameWriter | undefined;
  #onDrained: (() => void) | undefined;
  #over = false;

  /** What the socket calls. */
  readonly handler: SocketHandler = {
    data: (chunk) => this.#receive(chunk),
    drain: () => this.#writer?.drained(),
    end: () => this.#endInput(),
    close: () => this.#finish(),
  };

  private constructor(name: string, socket: Socket) {
    this.#name = name;
    this.#socket = socket;
    this.closed = this.#gone.promise;
    this.#job.promise.catch(() => {});
    this.#speaksFirst = setTimeout(() => this.#speakFirst(), PARENT_SPEAKS);
  }

  /**
   * Connects to the parent's socket: at a path, under a name in haft's directory, or under that name in /tmp,
   * where other systems put theirs.
   *
   * @throws {Disconnected} no process listens there
   */
  static async connect(
    name: string,
    { env, signal }: { env: Env; signal: AbortSignal },
  ): Promise<ParentLink> {
    const paths = candidates(name, env);
    for (const path of paths) {
      signal.throwIfAborted();
      try {
        return await attempt(path, {
          named: path !== paths[0] || isPath(name),
          open: (socket) => new ParentLink(name, socket),
        });
      } catch (error) {
        if (!nobodyListens(error)) throw error;
      }
    }
    throw new Disconnected(`Nobody listens on channel "${name}" ("${paths[0]}")`);
  }

  /**
   * The first value that the parent sends.
   *
   * @throws {FrameError} it is no JSON, or too large
   * @throws {TimedOut | Disconnected} when none comes
   */
  async job({ timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal }): Promise<unknown> {
    const stop = new AbortController();
    const late = delay(timeoutMs, undefined, { signal: AbortSignal.any([signal, stop.signal]) }).then(
      () => Promise.reject(new TimedOut(`No job on channel "${this.#name}" within ${timeoutMs} ms`)),
      () => Promise.reject(signal.reason),
    );
    try {
      return await Promise.race([this.#job.promise, late]);
    } finally {
      stop.abort();
    }
  }

  /**
   * The next value, of a parent that has more than one job; to be called before the parent knows that the
   * last one is done.
   *
   * @returns undefined when the parent leaves instead
   * @throws the signal's reason
   */
  async nextJob({ signal }: { signal: AbortSignal }): Promise<{ value: unknown } | undefined> {
    if (this.#over) return undefined;
    this.#job = Promise.withResolvers();
    this.#waits = true;
    const stop = () => this.#job.reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    try {
      return { value: await this.#job.promise };
    } catch (error) {
      if (error instanceof Disconnected) return undefined;
      throw error;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** Sends one value; an `important` one also to a parent that has left much unread. */
  send(value: unknown, { important = false } = {}): void {
    const writer = this.#writer ??= this.#openWriter();
    if (important || writer.queuedBytes <= MOST_QUEUED) writer.push(JSON.stringify(value));
  }

  /** Ends the connection when all that was sent is out. */
  async close(): Promise<void> {
    clearTimeout(this.#speaksFirst);
    this.#writer?.flush();
    if ((this.#writer?.queuedBytes ?? 0) > 0) {
      const drained = new Promise<void>((done) => this.#onDrained = done);
      const stop = new AbortController();
      const late = delay(FAREWELL, undefined, { signal: stop.signal }).catch(() => {});
      await Promise.race([drained, this.closed, late]);
      stop.abort();
    }
    this.#socket.close();
    this.#finish();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #receive(chunk: Buffer): void {
    clearTimeout(this.#speaksFirst);
    clearTimeout(this.#shortLine);
    this.#decode(() => this.#decoder.push(chunk, this.#onFrame));
    if (this.#decoder.framing !== undefined) return;
    this.#shortLine = setTimeout(() => this.#decode(() => this.#decoder.settle(this.#onFrame)), SHORT_LINE);
  }

  /** The parent sends nothing more, as one that has only a job to send; it may still read. */
  #endInput(): void {
    this.#decode(() => this.#decoder.end(this.#onFrame));
    this.#rejectJob();
  }

  #decode(read: () => void): void {
    try {
      read();
    } catch (error) {
      this.#decoder.stop();
      this.#job.reject(error);
    }
  }

  readonly #onFrame = (bytes: Buffer, start: number, end: number): void => {
    // What follows the job is nothing that a child waits for while it works.
    if (!this.#waits) return;
    this.#waits = false;
    this.#job.resolve(decodeJson(bytes, start, end));
  };

  #openWriter(): FrameWriter {
    return new FrameWriter({
      framing: this.#decoder.framing ?? "length",
      maxFrameBytes: INSTALL_FRAME_BYTES,
      write: (bytes) => this.#socket.write(bytes),
      onTaken: () => {
        if (this.#writer?.queuedBytes === 0) this.#onDrained?.();
      },
    });
  }

  #speakFirst(): void {
    this.#socket.write(preamble("length"));
  }

  #finish(): void {
    this.#over = true;
    clearTimeout(this.#speaksFirst);
    clearTimeout(this.#shortLine);
    this.#rejectJob();
    this.#gone.resolve();
  }

  /** Does nothing once the job is there. */
  #rejectJob(): void {
    this.#job.reject(new Disconnected(`The parent closed channel "${this.#name}" before it sent a job`));
  }
}

function isPath(name: string): boolean {
  return isAbsolute(name) || /[/\\]/.test(name);
}

function candidates(name: string, env: Env): string[] {
  if (isPath(name)) return [resolve(name)];
  const own = resolveEndpoint(name, { env });
  return process.platform === "win32" ? [own] : [own, ...elsewhere(name)];
}

/** Where ipckit, and programs that follow it, bind a name. */
function elsewhere(name: string): string[] {
  return [...new Set(["/tmp", tmpdir()])].map((directory) => join(directory, `${name}.sock`));
}

async function attempt(
  path: string,
  { named, open }: { named: boolean; open(socket: Socket): ParentLink },
): Promise<ParentLink> {
  let link: ParentLink | undefined;
  let socket: Socket;
  try {
    socket = await connect(path, (socket) => {
      link = open(socket);
      return link.handler;
    }, { named });
  } catch (error) {
    await link?.close();
    if (nobodyListens(error) || error instanceof HaftError) throw error;
    throw new Io(`Cannot connect to "${path}": ${errorMessage(error)}`, { cause: error });
  }
  const uid = socket.peerUid();
  if (uid !== undefined && uid !== process.getuid?.()) {
    socket.close();
    throw new Io(`Refusing "${path}": it is served by user ${uid}`);
  }
  if (link === undefined) throw new Io(`Cannot connect to "${path}"`);
  return link;
}
