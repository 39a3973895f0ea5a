import { statSync } from "node:fs";
import process from "node:process";

/** Tells one build from another of the same version: when and how large the executable's file is. */
export function buildId(): string {
  const { mtimeMs, size } = statSync(process.execPath);
  return `${Math.floor(mtimeMs).toString(36)}-${size.toString(36)}`;
}
