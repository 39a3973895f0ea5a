/**
 * Calls a function that a program gave to a channel. Its mistake is its program's to hear of, as an uncaught
 * error, and not the connection's or other listeners' to suffer from.
 */
export function tell(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    reportUncaught(error);
  }
}

/** For what such a function threw. */
export function reportUncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
