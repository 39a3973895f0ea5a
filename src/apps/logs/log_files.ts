import { existsSync, renameSync, rmSync } from "node:fs";

export type LogStream = "stdout" | "stderr";
export const LOG_STREAMS: readonly LogStream[] = ["stdout", "stderr"];

export interface LogSettings {
  maxSize: number;
  /** Files in all. */
  keep: number;
}

/** Older files of a log, newest first: `.1` is the one before the current. */
export function rotatedPath(path: string, index: number): string {
  return index === 0 ? path : `${path}.${index}`;
}

/** Where the copy lies until it is whole. */
export function copyPath(path: string): string {
  return `${path}.rotating`;
}

/**
 * Makes room for a new `.1`: `.1` becomes `.2`, and so on. When `keep` files would be passed, the oldest
 * goes. Stopped half way, it leaves a gap, and the next call fills that gap and moves nothing else: no file
 * is lost for it.
 *
 * @param keep files in all, the current one included
 */
export function shiftRotated(path: string, keep: number): void {
  if (keep <= 1) return rmSync(rotatedPath(path, 1), { force: true });
  let free = 1;
  while (free < keep - 1 && existsSync(rotatedPath(path, free))) free++;
  for (let index = free; index > 1; index--) {
    if (existsSync(rotatedPath(path, index - 1))) {
      renameSync(rotatedPath(path, index - 1), rotatedPath(path, index));
    }
  }
  for (let index = keep; existsSync(rotatedPath(path, index)); index++) {
    rmSync(rotatedPath(path, index), { force: true });
  }
}

/** Every file of a log. */
export function logFamily(path: string): string[] {
  const files = [copyPath(path), path];
  for (let index = 1; existsSync(rotatedPath(path, index)); index++) files.push(rotatedPath(path, index));
  return files;
}
