/**
 * The last message of each subject of a stream, as far as this host was told of it. It is a hint: what it
 * says may be old, and whatever depends on it is decided by a write with a condition.
 */
import { setTimeout as delay } from "node:timers/promises";
import { DeliverPolicy, jetstream, type JsMsg } from "@nats-io/jetstream";
import type { NatsConnection } from "../connect.ts";

export interface FollowerOptions {
  nats: NatsConnection;
  stream: string;
  subjects: readonly string[];
  onMessage: (message: JsMsg) => void;
  /** All that there was has been told, at least once. */
  onCaughtUp?: () => void;
  signal: AbortSignal;
}

const BATCH = 256;
const WAIT_MS = 30_000;
const RETRY_MS = 1_000;
/** After so long it asks for everything again: a consumer that died silently must not hide changes. */
const RELIST_MS = 60_000;

/** Follows until the signal, over breaks of the connection. Never fails. */
export async function follow(options: FollowerOptions): Promise<void> {
  const { nats, signal } = options;
  while (!signal.aborted && !nats.isClosed()) {
    try {
      await followOnce(options);
    } catch {
      // The server is away, or its leader changes.
      await delay(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }
}

async function followOnce(
  { nats, stream, subjects, onMessage, onCaughtUp, signal }: FollowerOptions,
): Promise<void> {
  const consumer = await jetstream(nats).consumers.get(stream, {
    filter_subjects: [...subjects],
    deliver_policy: DeliverPolicy.LastPerSubject,
  });
  let { num_pending: left } = await consumer.info();
  if (left === 0) onCaughtUp?.();
  const until = performance.now() + RELIST_MS;
  while (!signal.aborted && !nats.isClosed() && performance.now() < until) {
    const batch = await consumer.fetch({ max_messages: BATCH, expires: WAIT_MS });
    const stop = () => void batch.close();
    signal.addEventListener("abort", stop, { once: true });
    try {
      for await (const message of batch) {
        onMessage(message);
        if (--left === 0) onCaughtUp?.();
      }
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }
}
