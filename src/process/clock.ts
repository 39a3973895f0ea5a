/**
 * Time as the engine sees it: `monotonic` for every wait, so that a clock that is set a day forward or back
 * changes nothing; `wall` for what people read.
 */
export interface Clock {
  /** Milliseconds from some beginning; never goes back. */
  monotonic(): number;
  /** Milliseconds since 1970. */
  wall(): number;
  /** Calls once, later. Dispose to take it back. */
  after(ms: number, call: () => void): Disposable;
}

export const systemClock: Clock = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

/** Resolves after so many milliseconds; early, without an error, when the signal aborts. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const onAbort = () => {
      timer[Symbol.dispose]();
      resolve();
    };
    const timer = clock.after(ms, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
