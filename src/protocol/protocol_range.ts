/** The versions of this protocol that this haft speaks, oldest and newest. */
export const PROTOCOL_RANGE: readonly [number, number] = [1, 1];

/** The capability of a client that takes answers in parts, and of a daemon that sends them. */
export const PARTS = "parts";

/** The capability of a client that looks after the daemon: it gets in where there is no room for others. */
export const CONTROL = "control";

/** What every daemon of this version can do. */
export const CAPABILITIES = ["events", "cancel", "oneway", "describe", PARTS, CONTROL] as const;
