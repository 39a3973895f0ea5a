import type { Env } from "../base/env.ts";
// The files and not channel/mod.ts, whose other kinds of channels a client has no use for.
import { AnswerAssembler } from "../channel/answer_assembler.ts";
import { Disconnected } from "../channel/errors.ts";
import type { IpcChannel, Message } from "../channel/ipc_channel.ts";
import type { RequestOptions } from "../channel/pending_requests.ts";
import { LocalSocketChannel } from "../channel/local_socket_channel.ts";
import type { Ack } from "../protocol/hello.ts";
import { CONTROL, PARTS, PROTOCOL_RANGE } from "../protocol/protocol_range.ts";
import { StreamChannel } from "../channel/stream_channel.ts";
import { tell } from "../channel/tell.ts";
import type { Socket, SocketHandler } from "../socket/mod.ts";
import type { DaemonEvent } from "../protocol/events.ts";
import type { MethodName, Params, Result } from "../protocol/methods/mod.ts";
import { LONG_METHODS } from "../protocol/methods/long_methods.ts";
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
  /** Keep trying until a daemon listens. */
  retry?: boolean;
  framing?: "lines" | "length";
  /** It looks after the daemon, which lets it in where other clients have taken all connections. */
  control?: boolean | undefined;
  signal?: AbortSignal;
}

const CONNECT_TIMEOUT_MS = 5_000;

/**
 * A connection to the daemon. Requests may be in flight together. When the connection ends, every request
 * that is pending rejects with {@link Disconnected}. The code that connected must close it.
 */
export class DaemonClient implements AsyncDisposable {
  readonly ack: Ack;
  readonly #channel: IpcChannel;
  readonly #listeners: Set<(event: DaemonEvent) => void>;
  readonly #assembler = new AnswerAssembler();
  readonly #plain: RequestOptions = { assembler: this.#assembler };

  private constructor(channel: IpcChannel, ack: Ack, listeners: Set<(event: DaemonEvent) => void>) {
    this.#channel = channel;
    this.ack = ack;
    this.#listeners = listeners;
  }

  /**
   * @throws {Disconnected} when no daemon listens
   * @throws {TimedOut}
   * @throws {RequestError} `unsupported_protocol`
   */
  static async connect(options: ConnectOptions): Promise<DaemonClient> {
    const { client, version, socket, env, signal, framing = "length", retry = false, control } = options;
    const timeoutMs = options.timeoutMs ?? CONNECT_TIMEOUT_MS;
    const channel = await LocalSocketChannel.connect(DAEMON_ENDPOINT, {
      framing,
      retry,
      timeoutMs,
      ...(socket === undefined ? {} : { path: socket }),
      ...(env === undefined ? {} : { env }),
      ...(signal === undefined ? {} : { signal }),
    });
    return await DaemonClient.over(channel, { client, version, timeoutMs, signal, control });
  }

  /**
   * A client in the daemon's own process, over a pair of sockets in memory.
   *
   * @param connect makes the pair; gives the client's end
   */
  static async inMemory(
    connect: (attach: (socket: Socket) => SocketHandler) => Socket,
    { client, version, maxFrameBytes }: { client: string; version: string; maxFrameBytes: number },
  ): Promise<DaemonClient> {
    let channel: StreamChannel | undefined;
    connect((socket) => {
      channel = new StreamChannel({ name: client, socket, framing: "length" }, { maxFrameBytes });
      return channel.handler;
    });
    if (channel === undefined) throw new Disconnected("The daemon does not accept");
    return await DaemonClient.over(channel, { client, version, timeoutMs: CONNECT_TIMEOUT_MS });
  }

  /** Over a channel that is open; it is closed when the daemon refuses. */
  static async over(
    channel: IpcChannel,
    { client, version, timeoutMs, signal, control }:
      & Pick<ConnectOptions, "client" | "version" | "control">
      & {
        timeoutMs: number;
        signal?: AbortSignal | undefined;
      },
  ): Promise<DaemonClient> {
    const listeners = new Set<(event: DaemonEvent) => void>();
    channel.onMessage((message) => {
      if (message.type === "ping") void channel.send({ type: "pong", id: message.id }).catch(() => {});
      else if (isEvent(message)) { for (const listener of listeners) tell(() => listener(message)); }
    });
    try {
      const capabilities = control === true ? [PARTS, CONTROL] : [PARTS];
      const hello = { client, version, protocol: PROTOCOL_RANGE, capabilities };
      const ack = await channel.request("hello", hello, { timeoutMs, signal }) as Result<"hello">;
      return new DaemonClient(channel, ack, listeners);
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
   * @param options.timeoutMs milliseconds; 30 s by default, and as long as it takes for methods that may take
   * long
   * @throws {TimedOut} after that time; the daemon gets a `cancel`
   */
  request<M extends MethodName>(
    method: M,
    params: Params<M>,
    options?: RequestOptions,
  ): Promise<Result<M>> {
    // The daemon's handlers are typed from the same table.
    return this.requestAny(method, params, options) as Promise<Result<M>>;
  }

  /** As {@link DaemonClient.request}, for a method whose name is known only when it is called. */
  requestAny(method: string, params: unknown, options?: RequestOptions): Promise<unknown> {
    const long = LONG_METHODS.has(method);
    if (options === undefined && !long) return this.#channel.request(method, params, this.#plain);
    const timeoutMs = options?.timeoutMs ?? (long ? Infinity : undefined);
    return this.#channel.request(method, params, {
      ...options,
      timeoutMs,
      assembler: this.#assembler,
    });
  }

  /** Calls `listener` with every event of the stream and every notice; gives a function that ends it. */
  onEvent(listener: (event: DaemonEvent) => void): () => void {
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

/** The daemon publishes nothing but what its own table of events says. */
function isEvent(message: Message): message is DaemonEvent {
  return message.type === "event" && message.event !== undefined;
}
