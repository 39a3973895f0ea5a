import process from "node:process";
import { clearTimeout, setTimeout } from "node:timers";
import type { Framing } from "../socket/framing/framing.ts";
import { connectionCeiling } from "../socket/connection_ceiling.ts";
import { LIMITS } from "../socket/limits.ts";
import { listen, type Listener, type Socket, type SocketHandler } from "../socket/mod.ts";
import { Disconnected, TimedOut } from "./errors.ts";
import type { IpcChannel, ReceiveOptions } from "./ipc_channel.ts";
import { type EndpointOptions, resolveEndpoint } from "./resolve_endpoint.ts";
import { StreamChannel, type StreamChannelOptions } from "./stream_channel.ts";

export interface ListenOptions extends StreamChannelOptions, EndpointOptions {
  /** Stops waiting for the directory's lock. */
  signal?: AbortSignal;
  /**
   * Open connections; one more is closed at once. 256 by default, less where the system has few descriptors.
   */
  maxConnections?: number;
  /** Connections that have not sent anything yet; one more is closed at once. 64 by default. */
  maxUnreadyConnections?: number;
  /** What every client speaks; a connection is then ready at once. By default its first bytes say it. */
  framing?: Framing;
  /** Milliseconds for a connection to send its first bytes. No limit by default. */
  firstFrameTimeoutMs?: number;
}

interface Waiter {
  resolve(channel: IpcChannel): void;
  reject(error: unknown): void;
}

/**
 * The listening side of a local socket. It accepts until it is closed; closing it does not close the channels
 * that were accepted: the caller of {@link accept} owns them. Those that no caller got are closed with
 * it.
 */
export class LocalSocketServer implements AsyncDisposable {
  readonly name: string;
  readonly path: string;
  readonly #options: ListenOptions;
  readonly #maxConnections: number;
  readonly #maxUnready: number;
  readonly #open = new Set<StreamChannel>();
  readonly #unready = new Map<StreamChannel, NodeJS.Timeout | undefined>();
  readonly #ready = new Set<StreamChannel>();
  readonly #waiters = new Set<Waiter>();
  #listener: Listener | undefined;
  #closed = false;

  private constructor(name: string, path: string, options: ListenOptions) {
    this.name = name;
    this.path = path;
    this.#options = options;
    this.#maxConnections = Math.min(options.maxConnections ?? LIMITS.connections, connectionCeiling());
    this.#maxUnready = Math.min(
      options.maxUnreadyConnections ?? LIMITS.unauthenticatedConnections,
      this.#maxConnections,
    );
  }

  /**
   * Listens under a name. The promise resolves when clients can connect.
   *
   * @throws {HaftError} another process listens there (`code` `EADDRINUSE`), or the endpoint is not safe to
   * use
   */
  static async listen(name: string, options: ListenOptions = {}): Promise<LocalSocketServer> {
    const server = new LocalSocketServer(name, resolveEndpoint(name, options), options);
    const { signal } = options;
    server.#listener = await listen(
      server.path,
      (socket) => server.#connected(socket),
      signal === undefined ? {} : { signal },
    );
    return server;
  }

  /** Serves connections that came to another's listener, and are handed over with {@link take}. */
  static over(
    name: string,
    { path, listener }: { path: string; listener: Listener | undefined },
    options: ListenOptions = {},
  ): LocalSocketServer {
    const server = new LocalSocketServer(name, path, options);
    server.#listener = listener;
    return server;
  }

  /** Takes over a connection of the listener that it was made over. */
  take(socket: Socket): SocketHandler {
    return this.#connected(socket);
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#open.size;
  }

  /**
   * The next connection whose framing is known.
   *
   * @throws {TimedOut} after `timeoutMs`
   * @throws {Disconnected} the server was closed
   */
  accept({ timeoutMs, signal }: ReceiveOptions = {}): Promise<IpcChannel> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    for (const channel of this.#ready) {
      this.#ready.delete(channel);
      return Promise.resolve(channel);
    }
    if (this.#closed) return Promise.reject(this.#closedError());
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.#waiters.delete(waiter);
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
      };
      const waiter: Waiter = {
        resolve: (channel) => {
          settle();
          resolve(channel);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      const abort = () => waiter.reject(signal?.reason);
      const timer = timeoutMs === undefined ? undefined : setTimeout(
        () => waiter.reject(new TimedOut(`No connection on channel "${this.name}" within ${timeoutMs} ms`)),
        timeoutMs,
      );
      signal?.addEventListener("abort", abort, { once: true });
      this.#waiters.add(waiter);
    });
  }

  /** Stops listening and removes the socket. Pending accepts reject with {@link Disconnected}. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener?.close();
    for (const waiter of [...this.#waiters]) waiter.reject(this.#closedError());
    const unclaimed = [...this.#unready.keys(), ...this.#ready];
    this.#ready.clear();
    await Promise.all(unclaimed.map((channel) => channel.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #connected(socket: Socket): SocketHandler {
    if (this.#closed || this.#isFull() || this.#isForeign(socket)) {
      // The handler has to be returned before the socket can be closed.
      queueMicrotask(() => socket.close());
      return { data() {}, drain() {}, close() {} };
    }
    const { framing, firstFrameTimeoutMs } = this.#options;
    const channel = new StreamChannel({
      name: this.name,
      socket,
      ...(framing === undefined ? {} : { framing }),
      onReady: (channel) => this.#becameReady(channel),
      onClosed: (channel) => this.#forget(channel),
    }, this.#options);
    this.#open.add(channel);
    if (framing !== undefined) {
      this.#becameReady(channel);
      return channel.handler;
    }
    const timer = firstFrameTimeoutMs === undefined
      ? undefined
      : setTimeout(() => void channel.close(), firstFrameTimeoutMs);
    this.#unready.set(channel, timer);
    return channel.handler;
  }

  #isFull(): boolean {
    return this.#open.size >= this.#maxConnections || this.#ready.size >= this.#maxConnections ||
      this.#unready.size >= this.#maxUnready;
  }

  #isForeign(socket: Socket): boolean {
    const uid = socket.peerUid();
    return uid !== undefined && uid !== process.getuid?.();
  }

  #becameReady(channel: StreamChannel): void {
    clearTimeout(this.#unready.get(channel));
    this.#unready.delete(channel);
    for (const waiter of this.#waiters) return waiter.resolve(channel);
    this.#ready.add(channel);
  }

  #forget(channel: StreamChannel): void {
    clearTimeout(this.#unready.get(channel));
    this.#unready.delete(channel);
    this.#open.delete(channel);
  }

  #closedError(): Disconnected {
    return new Disconnected(`Channel "${this.name}" no longer accepts connections`);
  }
}
