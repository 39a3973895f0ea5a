import { type Exit, isCleanExit } from "../../process/exit.ts";
import type { AppConfig } from "../config/app_schema.ts";
import type { AppEvent } from "./transitions.ts";

/**
 * What follows when nothing of an app is left that was not told to stop. An end that nobody can tell counts as a failure:
 * an app that shall be kept up is restarted once too often rather than never.
 *
 * @param attempts restarts in a row so far
 */
export function exitVerdict(
  exit: Exit,
  { restart, backoff }: Pick<AppConfig, "restart" | "backoff">,
  attempts: number,
): Extract<AppEvent, "ended" | "failed" | "retry" | "gave_up"> {
  const clean = isCleanExit(exit);
  const wanted = restart === "always" || restart === "unless-stopped" || (restart === "on-failure" && !clean);
  if (!wanted) return clean ? "ended" : "failed";
  return backoff.max_attempts !== undefined && attempts >= backoff.max_attempts ? "gave_up" : "retry";
}
