import type { Message } from "../protocol/envelope.ts";

import type { ChannelMetricsSnapshot } from "./channel_metrics.ts";
import type { RequestOptions } from "./pending_requests.ts";
import type { Drain } from "./shutdown_state.ts";

export type { Message } from "../protocol/envelope.ts";

export interface SendOptions {
  /** Gives up while the message waits to be accepted: it is then certain not to be sent. */
  signal?: AbortSignal;
}

export interface ReceiveOptions {
  /** Milliseconds. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/**
 * One interface for every way to exchange messages. Messages arrive in the order they
 * were sent, each once.
 *
 * The one who made or accepted a channel closes it. After a close, by either side, messages that have arrived
 * can still be received; then everything pending and everything new rejects with the reason.
 */
export interface IpcChannel extends AsyncDisposable {
  readonly name: string;

  /**
   * Resolves when the message is accepted: at once while little is queued, later while the peer is slow to
   * read.
   *
   * @throws {Disconnected} the peer is gone; the message may be lost
   * @throws {ShuttingDown} this side has begun to close
   * @throws {SendFailed} the queue is full: the caller did not wait for earlier sends
   * @throws {Serialization} the message has no JSON text or is too large
   */
  send(message: Message, options?: SendOptions): Promise<void>;

  /**
   * The next message. Of several readers, each message goes to one, in the order in which they asked.
   *
   * @throws {TimedOut} after `timeoutMs`; no message is lost
   * @throws {Disconnected} the peer is gone and all that it sent has been received
   * @throws {ReceiveFailed} the peer sent what is not allowed
   */
  recv(options?: ReceiveOptions): Promise<Message>;

  /** The next message if it has arrived. Undefined also on a closed channel. */
  tryRecv(): Message | undefined;

  /** Sends `{type: "data", data}`. */
  sendJson(data: unknown, options?: SendOptions): Promise<void>;

  /** Sends `{type: "event", event, data}`. */
  emit(event: string, data?: unknown, options?: SendOptions): Promise<void>;

  /**
   * Calls `listener` for every message that no `recv` waits for, those that have arrived already included.
   * Gives a function that ends it.
   */
  onMessage(listener: (message: Message) => void): () => void;

  /**
   * Asks the peer and waits for the answer: a request with a new id, and the response with the same
   * id, which no `recv` sees.
   *
   * @throws {RequestError} when the peer answers with an error
   * @throws {TimedOut} after `timeoutMs` (30 s by default); the peer gets a `cancel`
   * @throws {Disconnected} the peer is gone
   * @throws {ShuttingDown} a shutdown has begun
   */
  request(method: string, data?: unknown, options?: RequestOptions): Promise<unknown>;

  /**
   * Begins an orderly end: new sends and requests are refused ({@link ShuttingDown}), those that have begun
   * may finish, what has arrived can be received. The channel stays open until it is closed.
   */
  shutdown(): void;

  readonly isShutdown: boolean;

  /**
   * Waits until no send waits for room and no request for its answer.
   *
   * @param timeoutMs milliseconds
   * @returns whether that is so, and what was still going on when the time was over
   */
  waitForDrain(timeoutMs: number): Promise<Drain>;

  /** The channel's figures until now. */
  metrics(): ChannelMetricsSnapshot;

  /**
   * Lets what was accepted go out (for 2 s at most), then closes. Pending receives and waiting sends reject
   * with Disconnected.
   */
  close(): Promise<void>;

  /** Resolves, never rejects, when the channel is closed by either side. */
  readonly closed: Promise<void>;

  /** Receives until the channel closes in order; throws when it broke ({@link ReceiveFailed}). */
  [Symbol.asyncIterator](): AsyncIterator<Message, void>;
}
