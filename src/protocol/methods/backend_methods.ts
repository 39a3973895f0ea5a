import * as v from "valibot";
import { defineMethod } from "./define.ts";
import { AbsolutePath } from "./words.ts";

const Name = v.pipe(v.string(), v.minLength(1), v.maxLength(300));

export const BackendState = v.picklist(["stopped", "starting", "ready", "stopping", "restarting", "failed"]);
export type BackendState = v.InferOutput<typeof BackendState>;

/** One backend. */
export const BackendInfo = v.object({
  name: v.string(),
  /** The project's directory. */
  root: v.string(),
  state: BackendState,
  mode: v.picklist(["channel", "legacy"]),
  pid: v.nullable(v.number()),
  /** Methods that it answers; null until it is ready. */
  handlers: v.nullable(v.array(v.string())),
  restarts: v.number(),
  /** Where what it prints goes. */
  log: v.string(),
  /** Why it is not ready. */
  error: v.nullable(v.string()),
});
export type BackendInfo = v.InferOutput<typeof BackendInfo>;

const target = { backend: Name, cwd: v.optional(AbsolutePath) };

export const backendMethods = {
  "backend.start": defineMethod({
    summary: "Starts a backend of a project's haft.toml; answers when it is ready",
    params: v.strictObject(target),
    result: BackendInfo,
  }),
  "backend.stop": defineMethod({
    summary: "Stops a backend; calls in flight may finish",
    params: v.strictObject(target),
    result: BackendInfo,
    long: true,
  }),
  "backend.list": defineMethod({
    summary: "A project's backends; without `cwd`, all that the daemon has started",
    params: v.strictObject({ cwd: v.optional(AbsolutePath) }),
    result: v.object({ backends: v.array(BackendInfo) }),
  }),
  "backend.call": defineMethod({
    summary: "Calls a backend, starting it first; its progress comes as events with the request's id",
    params: v.strictObject({
      ...target,
      method: Name,
      data: v.optional(v.unknown()),
      /** Seconds; 30 by default. */
      timeout: v.optional(v.pipe(v.number(), v.minValue(0.001), v.maxValue(86_400)), 30),
    }),
    result: v.object({ data: v.unknown() }),
    long: true,
  }),
} as const;
