import type { EventFilter } from "../hub/event_filter.ts";
import type { StreamPosition } from "../hub/hub.ts";

/** What a client said of itself. */
export interface Introduction {
  client: string;
  version: string | undefined;
  protocol: number;
  takesParts: boolean;
}

/** One connection, as methods see it. */
export interface Client {
  /** 12 hex digits, unique in this daemon's life. */
  readonly id: string;
  /** What it called itself in `hello`; undefined before. */
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly protocol: number;
  /** Milliseconds since 1970. */
  readonly connectedAt: number;
  readonly requests: number;
  readonly subscriptions: ReadonlyMap<string, { filter: EventFilter }>;
  /** It takes answers that are larger than a frame in parts. */
  readonly takesParts: boolean;
  introduce(hello: Introduction): void;
  /**
   * Events come from `start` on, beginning with the one after `position`.
   *
   * @throws {RequestError} `too_many`
   */
  subscribe(filter: EventFilter, since: StreamPosition | undefined): {
    id: string;
    position: StreamPosition;
    start(): void;
  };
  /** @returns false when there is no such subscription */
  unsubscribe(id: string): boolean;
  /** Ends a request in flight. @returns false when there is none with this id */
  cancel(requestId: string): boolean;
  /** Sends an event to this client alone. */
  send(event: string, data: unknown): void;
}
