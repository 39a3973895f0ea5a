/** Tools at a time, each in a child of its own. */
export const DEFAULT_JOBS = 8;
/** Without progress, an install counts as hung after so many seconds. */
export const DEFAULT_STALL_SECONDS = 60;
