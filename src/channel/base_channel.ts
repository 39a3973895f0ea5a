import type { Message } from "../protocol/envelope.ts";
import { ChannelMetrics, type ChannelMetricsSnapshot } from "./channel_metrics.ts";
import { ShuttingDown } from "./errors.ts";
import { Inbox } from "./inbox.ts";
import type { IpcChannel, ReceiveOptions, SendOptions } from "./ipc_channel.ts";
import { PendingRequests, type Request, requestMessage, type RequestOptions } from "./pending_requests.ts";
import { type Drain, ShutdownState } from "./shutdown_state.ts";
import { ACCEPTED } from "./waiting_sends.ts";

export interface BaseChannelOptions {
  name: string;
  /** `socket`, `thread`, `worker`, `shared-memory` or `stdio`. */
  kind: string;
  /** Called when messages were taken out of the inbox, so that the source may go on. */
  onTaken: () => void;
  /** Shared by channels that are to end together. */
  shutdownState?: ShutdownState | undefined;
}

/** What every kind of channel does in the same way: receiving, requests, the orderly end, figures. */
export abstract class BaseChannel implements IpcChannel {
  readonly name: string;
  abstract readonly closed: Promise<void>;
  protected readonly inbox: Inbox;
  protected readonly figures: ChannelMetrics = new ChannelMetrics();
  readonly #kind: string;
  readonly #requests: PendingRequests;
  readonly #shutdown: ShutdownState;

  constructor({ name, kind, onTaken, shutdownState }: BaseChannelOptions) {
    this.name = name;
    this.#kind = kind;
    this.inbox = new Inbox({ name, onTaken });
    this.#shutdown = shutdownState ?? new ShutdownState();
    this.#requests = new PendingRequests({
      send: (message, signal) => this.#transmit(message, signal),
      ask: (request, signal) => this.#transmitRequest(request, signal),
      refuseLate: (method) => {
        if (this.#shutdown.isShutdown) this.#shutdown.refuseLate(`request ${method}`);
      },
      begin: (methods) => this.#shutdown.beginSeveral(methods),
      answered: (ms) => this.figures.recordLatency(ms),
    });
  }

  abstract close(): Promise<void>;

  /** Hands a message to the transport below; {@link ACCEPTED} when it was taken at once. */
  protected abstract transmit(message: Message, signal: AbortSignal | undefined): Promise<void>;

  /** As {@link transmit}; for transports that make the text of a request in fewer steps. */
  protected transmitRequest(request: Request, signal: AbortSignal | undefined): Promise<void> {
    return this.transmit(requestMessage(request), signal);
  }

  /** The same for `{type: "data", data}`. */
  protected transmitData(data: unknown, signal: AbortSignal | undefined): Promise<void> {
    return this.transmit({ type: "data", data }, signal);
  }

  send(message: Message, { signal }: SendOptions = {}): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#shutdown.isShutdown) return Promise.reject(this.#tooLate());
    return this.#transmit(message, signal);
  }

  recv(options?: ReceiveOptions): Promise<Message> {
    return this.inbox.take(options);
  }

  tryRecv(): Message | undefined {
    return this.inbox.tryTake();
  }

  sendJson(data: unknown, { signal }: SendOptions = {}): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#shutdown.isShutdown) return Promise.reject(this.#tooLate());
    try {
      return this.#account(this.transmitData(data, signal));
    } catch (error) {
      return this.#failed(error);
    }
  }

  emit(event: string, data?: unknown, options?: SendOptions): Promise<void> {
    return this.send({ type: "event", event, data }, options);
  }

  request(method: string, data: unknown = {}, options: RequestOptions = {}): Promise<unknown> {
    return this.#requests.ask(method, data, options);
  }

  onMessage(listener: (message: Message) => void): () => void {
    return this.inbox.listen(listener);
  }

  shutdown(): void {
    this.#shutdown.shutdown();
  }

  get isShutdown(): boolean {
    return this.#shutdown.isShutdown;
  }

  waitForDrain(timeoutMs: number): Promise<Drain> {
    return this.#shutdown.waitForDrain(timeoutMs);
  }

  metrics(): ChannelMetricsSnapshot {
    return this.figures.snapshot(this.name, this.#kind);
  }

  [Symbol.asyncIterator](): AsyncIterator<Message, void> {
    return this.inbox.iterate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** A message has arrived: the answer to a request, or something for a receiver. */
  protected deliver(message: Message, size: number): void {
    this.figures.messagesReceived++;
    if (this.#requests.size > 0 && this.#requests.settle(message)) return;
    this.inbox.put(message, size);
  }

  /**
   * As {@link deliver}, for an answer that was recognized without reading its envelope as JSON.
   *
   * @param heardAt when it came, by `performance.now()`
   * @returns false when no request of this side has this id: nothing has happened then
   */
  protected deliverAnswer(id: number, data: unknown, heardAt: number): boolean {
    if (!this.#requests.answer(id, data, heardAt)) return false;
    this.figures.messagesReceived++;
    return true;
  }

  /** Requests of this side that have no answer yet. */
  protected get requestsInFlight(): number {
    return this.#requests.size;
  }

  /** Nothing comes any more, and no request is answered. */
  protected end(reason: Error): void {
    this.inbox.finish(reason);
    this.#requests.failAll(reason);
  }

  #transmit(message: Message, signal: AbortSignal | undefined): Promise<void> {
    try {
      return this.#account(this.transmit(message, signal));
    } catch (error) {
      return this.#failed(error);
    }
  }

  #transmitRequest(request: Request, signal: AbortSignal | undefined): Promise<void> {
    try {
      return this.#account(this.transmitRequest(request, signal));
    } catch (error) {
      return this.#failed(error);
    }
  }

  #failed(error: unknown): Promise<never> {
    this.figures.errors++;
    return Promise.reject(error);
  }

  #account(sent: Promise<void>): Promise<void> {
    if (sent !== ACCEPTED) return this.#whileWaiting(sent);
    this.figures.messagesSent++;
    return sent;
  }

  /** Counted as going on while it waits for room. */
  async #whileWaiting(sent: Promise<void>): Promise<void> {
    const guard = this.#shutdown.isShutdown ? undefined : this.#shutdown.begin(`send on "${this.name}"`);
    try {
      await sent;
      this.figures.messagesSent++;
    } catch (error) {
      this.figures.errors++;
      throw error;
    } finally {
      guard?.[Symbol.dispose]();
    }
  }

  #tooLate(): ShuttingDown {
    return new ShuttingDown(`Channel "${this.name}" is shutting down`);
  }
}
