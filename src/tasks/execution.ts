import type { SkipReason } from "../protocol/methods/task_methods.ts";
import type { StoredTask } from "./history.ts";

/** A task while it runs. */
export interface Execution {
  process: StoredTask["process"];
  command?: StoredTask["command"];
  say(data: unknown): void;
  /** Resolves when nothing of it runs any more. */
  stop(): Promise<void>;
  /** It runs in front, in a process that this daemon neither started nor ends. */
  front?: boolean;
  /** Leaves it to the next daemon; undefined when it ends with this one. */
  detach?: () => Promise<void>;
}

/** How an attempt ended. */
export type Outcome =
  | { ok: true; exitCode: number | null; result: unknown; skipped: SkipReason | null }
  | { ok: false; exitCode: number | null; error: string; retries: number; retryDelay: number }
  /** It ended, and its exit is unknown. */
  | { ok: undefined }
  /** This daemon is leaving, and the next one goes on with it. */
  | { ok: "left" };
