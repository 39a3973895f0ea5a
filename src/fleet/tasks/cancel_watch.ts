/**
 * Waits for a task's sender to cancel it. The wish comes as it is published, and is looked up now and then,
 * in case it was on its way while the connection was down. Neither takes a consumer of the server's.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { NatsConnection } from "../connect.ts";
import { SIGNATURE_HEADER } from "../signed_request.ts";
import { jobSubject } from "../subjects.ts";
import type { JobLog } from "./job_log.ts";
import { isCancelOf } from "./task_message.ts";

export interface CancelWatchOptions {
  nats: NatsConnection;
  jobs: JobLog;
  fleet: string;
  id: string;
  sender: string;
  /** Milliseconds between two looks. */
  everyMs: number;
  signal: AbortSignal;
}

/** @returns whether it was cancelled before the signal */
export async function untilCancelled(
  { nats, jobs, fleet, id, sender, everyMs, signal }: CancelWatchOptions,
): Promise<boolean> {
  const heard = new AbortController();
  const subscription = nats.subscribe(jobSubject({ fleet, host: "*" }, id, "cancel"), {
    callback(error, message) {
      if (error !== null) return;
      const { subject, data: text, headers } = message;
      const signature = headers?.get(SIGNATURE_HEADER) ?? "";
      if (isCancelOf(sender, { subject, text, signature })) heard.abort();
    },
  });
  const over = AbortSignal.any([signal, heard.signal]);
  try {
    while (!over.aborted) {
      const wish = await jobs.cancelWish().catch(() => undefined);
      if (wish !== undefined && isCancelOf(sender, wish)) return true;
      await delay(everyMs, undefined, { signal: over }).catch(() => {});
    }
    return heard.signal.aborted;
  } finally {
    if (!nats.isClosed()) subscription.unsubscribe();
  }
}
