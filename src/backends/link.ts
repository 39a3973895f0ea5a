import type { ChannelMetricsSnapshot, RequestOptions } from "../channel/mod.ts";

export type { RequestOptions } from "../channel/mod.ts";

/** The conversation with a backend, whatever carries it. Whoever made it closes it. */
export interface BackendLink {
  /**
   * The methods that the backend answers, once it is ready.
   *
   * @throws when it breaks the protocol or goes before that
   */
  readonly ready: Promise<string[]>;
  /** Resolves with the reason when the conversation is over. */
  readonly closed: Promise<string>;
  /** @throws {RequestError} when the backend answers with an error */
  request(method: string, data: unknown, options: RequestOptions): Promise<unknown>;
  /** Resolves when the backend gives a sign of life. */
  ping(): Promise<void>;
  /** Tells the backend to finish what it is doing, and to end. */
  tellToStop(): void;
  /** Figures of the conversation; undefined while it has not begun. */
  metrics(): ChannelMetricsSnapshot | undefined;
  close(): Promise<void>;
}

/** Called with what the backend says by itself. */
export type OnBackendEvent = (event: string, data: unknown) => void;
