import { constants } from "node:os";

/** How a process ended. Both null: unknown, since it was not this process's child. */
export interface Exit {
  code: number | null;
  signal: string | null;
}

export const UNKNOWN_EXIT: Exit = { code: null, signal: null };

export function isCleanExit({ code, signal }: Exit): boolean {
  return code === 0 && signal === null;
}

/** `exited with code 1`, `was killed by SIGSEGV`, `ended, its exit code is unknown`. */
export function describeExit({ code, signal }: Exit): string {
  if (signal !== null) return `was killed by ${signal}`;
  return code === null ? "ended, its exit code is unknown" : `exited with code ${code}`;
}

/** The exit code as a shell has it: 128 and the number of the signal that ended the process. */
export function exitNumber({ code, signal }: Exit): number | null {
  if (code !== null || signal === null) return code;
  const number = new Map<string, number>(Object.entries(constants.signals)).get(signal);
  return number === undefined ? null : 128 + number;
}
