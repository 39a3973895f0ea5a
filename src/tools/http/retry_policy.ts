const BASE_MS = 300;
const MAX_BACKOFF_MS = 10_000;
/** A server that asks for more patience than this is not waited for. */
export const MAX_RETRY_AFTER_MS = 30_000;

/** Whether the same request may well succeed a little later. */
export function isRetriableStatus(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/**
 * How long to wait before the next attempt, in milliseconds: exponential with full jitter, so that many clients that
 * failed together do not come back together.
 * @param attempt the attempts made so far, from 1
 * @param random 0 (inclusive) to 1
 */
export function backoffMs(attempt: number, random: () => number): number {
  return Math.round(random() * Math.min(MAX_BACKOFF_MS, BASE_MS * 2 ** (attempt - 1)));
}

/**
 * The wait that a `Retry-After` header asks for, in milliseconds; undefined when there is none, or none that can be read.
 * @param now milliseconds since the epoch, for headers that name a date
 */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  if (/^[0-9]{1,9}$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
