import * as v from "valibot";
import { defineMethod } from "./define.ts";

const AbsolutePath = v.pipe(
  v.string(),
  v.regex(/^(\/|[A-Za-z]:[\\/])/, "not an absolute path"),
  v.maxLength(4096),
);
const ToolName = v.pipe(v.string(), v.minLength(1), v.maxLength(214));
const Version = v.pipe(v.string(), v.minLength(1), v.maxLength(256));
const Environment = v.record(v.string(), v.string());

/** One tool as the project, or the store, has it. */
const Runtime = v.object({
  runtime: v.string(),
  version: v.nullable(v.string()),
  installed: v.boolean(),
  /** The install directory; null when it is not installed. */
  path: v.nullable(v.string()),
  /** The file that asks for it; null in a list of the store. */
  decided_by: v.nullable(v.string()),
});

export const toolMethods = {
  "runtime.resolve": defineMethod({
    summary: "The executable, version and environment that a project's tool runs with",
    params: v.strictObject({ runtime: ToolName, version: v.optional(Version), cwd: AbsolutePath }),
    result: v.object({
      executable: v.string(),
      /** What comes before the tool's own arguments: the script, for a tool that a JavaScript runtime runs. */
      args: v.array(v.string()),
      version: v.string(),
      /** Variables to set on top of the caller's own; null takes one away. */
      env: v.record(v.string(), v.nullable(v.string())),
      decided_by: v.string(),
    }),
  }),
  "runtime.environment": defineMethod({
    summary: "The environment of a project: its tools on PATH and its variables",
    params: v.strictObject({ cwd: AbsolutePath }),
    result: v.object({ env: Environment, unset: v.array(v.string()) }),
  }),
  "runtime.versions": defineMethod({
    summary: "Installed versions of a tool, or with `remote` those that its source offers",
    params: v.strictObject({ runtime: ToolName, remote: v.optional(v.boolean(), false) }),
    result: v.object({ versions: v.array(v.string()) }),
    long: true,
  }),
  "runtime.list": defineMethod({
    summary: "The tools of a project, or without `cwd` all that is in the store",
    params: v.strictObject({ cwd: v.optional(AbsolutePath) }),
    result: v.object({ runtimes: v.array(Runtime) }),
  }),
  "tool.install": defineMethod({
    summary: "Installs one tool into the store; progress comes as `install.progress` with the request's id",
    params: v.strictObject({
      tool: ToolName,
      version: v.optional(Version),
      cwd: AbsolutePath,
      force: v.optional(v.boolean(), false),
    }),
    result: v.object({ version: v.string(), path: v.string(), already_installed: v.boolean() }),
    long: true,
  }),
  "tool.uninstall": defineMethod({
    summary: "Removes one version of a tool from the store",
    params: v.strictObject({ tool: ToolName, version: Version }),
    result: v.object({ removed: v.boolean() }),
    long: true,
  }),
  "tool.sync": defineMethod({
    summary: "Installs all that a project asks for; progress comes as `sync.*` events with the request's id",
    params: v.strictObject({
      cwd: AbsolutePath,
      locked: v.optional(v.boolean(), false),
      jobs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(64))),
    }),
    result: v.object({
      ok: v.boolean(),
      installed: v.number(),
      present: v.number(),
      failed: v.array(v.object({ tool: v.string(), error: v.string(), next: v.nullable(v.string()) })),
    }),
    long: true,
  }),
} as const;
