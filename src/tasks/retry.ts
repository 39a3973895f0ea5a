/** The wait before a retry grows from what the manifest says. */
export const RETRY = { max: 10 * 60 * 1000, multiplier: 2, jitter: 0.2 } as const;
