import type { ChannelMetricsSnapshot, RequestOptions } from "../channel/mod.ts";

export type { RequestOptions } from "../channel/mod.ts";

/** The conversation with a backend, over any carrier. Its creator closes it. */
export interface BackendLink {
  /**
   * The methods that the backend answers, once it is ready.
   *
   * @throws when it breaks the protocol or ends before that
   */
  readonly ready: Promise<string[]>;
  /** Resolves with the reason when the conversation is over. */
  readonly closed: Promise<string>;
  /** @throws {RequestError} when the backend answers with an error */
  request(method: string, data: unknown, options: RequestOptions): Promise<unknown>;
  /** Resolves when the backend gives a sign of life. */
  ping(): Promise<void>;
  /** Asks the backend to finish its work and exit. */
  tellToStop(): void;
  /** Figures of the conversation; undefined while it has not begun. */
  metrics(): ChannelMetricsSnapshot | undefined;
  close(): Promise<void>;
}

/** Gets the events that the backend sends. */
export type OnBackendEvent = (event: string, data: unknown) => void;
