import * as v from "valibot";
import { AppState } from "../../protocol/methods/app_methods.ts";

const Identity = v.object({ pid: v.number(), startTime: v.string(), bootId: v.string() });

export const InstanceRecord = v.object({
  instance: v.number(),
  state: AppState,
  /**
   * Marks the processes of the last start; written before the start, so that no crash leaves a process
   * unknown.
   */
  nonce: v.nullable(v.string()),
  process: v.nullable(Identity),
  /** Milliseconds since 1970. */
  started_at: v.nullable(v.number()),
  restarts: v.number(),
  /** Restarts in a row. */
  attempts: v.number(),
  restart_reason: v.optional(v.nullable(v.string()), null),
  /** The files that its output is copied to. */
  log_files: v.optional(
    v.object({ stdout: v.array(v.string()), stderr: v.array(v.string()) }),
    { stdout: [], stderr: [] },
  ),
  /** What it found in `PORT`. */
  port: v.optional(v.nullable(v.number()), null),
  exit: v.nullable(v.object({ code: v.nullable(v.number()), signal: v.nullable(v.string()) })),
});
export type InstanceRecord = v.InferOutput<typeof InstanceRecord>;

/** What is kept of an app, so that the next daemon goes on where this one ended. */
export const AppRecord = v.object({
  version: v.literal(1),
  root: v.string(),
  name: v.string(),
  /** It is in no manifest; `table` says what it is. */
  adhoc: v.boolean(),
  /** The `[apps.NAME]` of the last start, as it was written; null when there was none. */
  table: v.unknown(),
  desired: v.picklist(["running", "stopped"]),
  /** Hashes of the variables of the last start: enough to tell which changed, and no secrets. */
  env: v.record(v.string(), v.string()),
  changed: v.array(v.string()),
  /** How many instances a person asked for, over the manifest's number. */
  scale: v.optional(v.number()),
  instances: v.array(InstanceRecord),
});
export type AppRecord = v.InferOutput<typeof AppRecord>;
