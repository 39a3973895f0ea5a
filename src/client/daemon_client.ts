import { errorMessage } from "../base/errors.ts";
import type { Env } from "../base/env.ts";
// The files and not channel/mod.ts, whose other kinds of channels a client has no use for.
import { Disconnected, TimedOut } from "../channel/errors.ts";
import type { IpcChannel, Message } from "../channel/ipc_channel.ts";
import { LocalSocketChannel } from "../channel/local_socket_channel.ts";
import { type Ack, PROTOCOL_RANGE } from "../protocol/hello.ts";
import { StreamChannel } from "../channel/stream_channel.ts";
import type { Socket, SocketHandler } from "../socket/mod.ts";
import { LONG_METHODS } from "../protocol/methods/long_methods.ts";
import { RequestError } from "../protocol/wire_error.ts";
import { DAEMON_ENDPOINT } from "../socket/endpoint.ts";

export interface ConnectOptions {
  /** How the client calls itself. */
  client: string;
  /** haft's version. */
  version: string;
  /** The daemon's socket, instead of the user's usual one. */
  socket?: string | undefined;
  env?: Env;
  /** Milliseconds for connecting and for the answer to `hello`. Default 5 s. */
  timeoutMs?: number;
  /** Go on trying while nobody listens yet. */
  retry?: boolean;
  framing?: "lines" | "length";
  signal?: AbortSignal;
}

export interface RequestOptions {
  /** Milliseconds. Default 30 s, and as long as it takes for methods that may take long. */
  timeoutMs?: number | undefined;
  signal?: AbortSignal;
  /** Called for progress events of this request. */
  onProgress?: (event: string, data: unknown) => void;
}

interface Pending {
  resolve(data: unknown): void;
  reject(error: Error): void;
  onProgress: ((event: string, data: unknown) => void) | undefined;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * A connection to the daemon. Requests may be in flight together. When the connection ends, every request that is pending
 * rejects with {@link Disconnected}; whoever connected closes it.
 */
export class DaemonClient implements AsyncDisposable {
  readonly ack: Ack;
  readonly #channel: IpcChannel;
  readonly #pending: Map<string, Pending>;
  readonly #listeners: Set<(message: Message) => void>;
  #nextId = 1;

  private constructor(channel: IpcChannel, ack: Ack, shared: Shared) {
    this.#channel = channel;
    this.ack = ack;
    this.#pending = shared.pending;
    this.#listeners = shared.listeners;
  }

  /**
   * @throws {Disconnected} when no daemon listens
   * @throws {TimedOut}
   * @throws {RequestError} `unsupported_protocol`
   */
  static async connect(options: ConnectOptions): Promise<DaemonClient> {
    const { client, version, socket, env, signal, framing = "length", retry = false } = options;
    const timeoutMs = options.timeoutMs ?? CONNECT_TIMEOUT_MS;
    const channel = await LocalSocketChannel.connect(DAEMON_ENDPOINT, {
      framing,
      retry,
      timeoutMs,
      ...(socket === undefined ? {} : { path: socket }),
      ...(env === undefined ? {} : { env }),
      ...(signal === undefined ? {} : { signal }),
    });
    return await DaemonClient.#introduce(channel, { client, version, timeoutMs, signal });
  }

  /**
   * A client in the daemon's own process, over a pair of sockets in memory.
   *
   * @param connect makes the pair; gives the client's end
   */
  static async inMemory(
    connect: (attach: (socket: Socket) => SocketHandler) => Socket,
    { client, version }: { client: string; version: string },
  ): Promise<DaemonClient> {
    let channel: StreamChannel | undefined;
    connect((socket) => {
      channel = new StreamChannel({ name: client, socket, framing: "length" });
      return channel.handler;
    });
    if (channel === undefined) throw new Disconnected("The daemon does not accept");
    return await DaemonClient.#introduce(channel, { client, version, timeoutMs: CONNECT_TIMEOUT_MS });
  }

  static async #introduce(
    channel: IpcChannel,
    { client, version, timeoutMs, signal }: {
      client: string;
      version: string;
      timeoutMs: number;
      signal?: AbortSignal | undefined;
    },
  ): Promise<DaemonClient> {
    const shared: Shared = { pending: new Map(), listeners: new Set() };
    channel.onMessage((message) => receive(channel, message, shared));
    void channel.closed.then(() => {
      const error = new Disconnected("The daemon closed the connection");
      for (const { reject } of shared.pending.values()) reject(error);
      shared.pending.clear();
    });
    try {
      const hello = { client, version, protocol: PROTOCOL_RANGE };
      const ack = await ask({ channel, ...shared }, "hello", { id: "hello", data: hello, timeoutMs, signal });
      return new DaemonClient(channel, ack as Ack, shared);
    } catch (error) {
      await channel.close();
      throw error;
    }
  }

  /** Resolves when either side has closed the connection. */
  get closed(): Promise<void> {
    return this.#channel.closed;
  }

  /**
   * @throws {RequestError} when the daemon answers with an error
   * @throws {Disconnected}
   * @throws {TimedOut} after `timeoutMs`; the daemon is told to cancel
   */
  async request(method: string, data: unknown = {}, options: RequestOptions = {}): Promise<unknown> {
    const shared = { channel: this.#channel, pending: this.#pending };
    return await ask(shared, method, { id: `${this.#nextId++}`, data, ...options });
  }

  /** Calls `listener` with every event of the stream and every notice; gives a function that ends it. */
  onEvent(listener: (message: Message) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    await this.#channel.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

interface Shared {
  pending: Map<string, Pending>;
  listeners: Set<(message: Message) => void>;
}

function receive(channel: IpcChannel, message: Message, { pending, listeners }: Shared): void {
  const request = message.id === undefined ? undefined : pending.get(message.id);
  switch (message.type) {
    case "ping":
      void channel.send({ type: "pong", id: message.id }).catch(() => {});
      return;
    case "event":
      if (request !== undefined) request.onProgress?.(message.event ?? "", message.data);
      else for (const listener of listeners) listener(message);
      return;
    case "response":
      if (request !== undefined) settle(request, message);
      else if (message.error !== undefined) failAll(pending, message.error);
      return;
    default:
      return;
  }
}

function settle({ resolve, reject }: Pending, { error, data }: Message): void {
  if (error === undefined) resolve(data);
  else reject(RequestError.from(error));
}

/** An error without an id is about the connection, which the daemon then closes. */
function failAll(pending: Map<string, Pending>, error: NonNullable<Message["error"]>): void {
  for (const { reject } of pending.values()) reject(RequestError.from(error));
  pending.clear();
}

async function ask(
  { channel, pending }: { channel: IpcChannel; pending: Map<string, Pending> },
  method: string,
  {
    id,
    data,
    timeoutMs = LONG_METHODS.has(method) ? Infinity : DEFAULT_TIMEOUT_MS,
    signal,
    onProgress,
  }: Omit<RequestOptions, "signal"> & {
    id: string;
    data: unknown;
    signal?: AbortSignal | undefined;
  },
): Promise<unknown> {
  signal?.throwIfAborted();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let onAbort = () => {};
  try {
    return await new Promise((resolve, reject) => {
      pending.set(id, { resolve, reject, onProgress });
      const giveUp = (error: Error) => {
        void channel.send({ type: "request", oneway: true, method: "cancel", data: { id } }).catch(() => {});
        reject(error);
      };
      if (Number.isFinite(timeoutMs)) {
        timer = setTimeout(
          () => giveUp(new TimedOut(`No answer to "${method}" within ${timeoutMs} ms`)),
          timeoutMs,
        );
      }
      onAbort = () =>
        giveUp(signal?.reason instanceof Error ? signal.reason : new Error(errorMessage(signal?.reason)));
      signal?.addEventListener("abort", onAbort, { once: true });
      channel.send({ type: "request", id, method, data }).catch(reject);
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    pending.delete(id);
  }
}
