import * as v from "valibot";
import { defineMethod } from "./define.ts";
import { AbsolutePath, ToolName, VersionText } from "./words.ts";

const Jobs = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(64));

/** How one tool ended. */
const ToolFailure = v.object({ tool: v.string(), error: v.string(), next: v.nullable(v.string()) });

export const toolMethods = {
  "tool.install": defineMethod({
    summary:
      "Installs one tool into the store; what happens comes as `install.*` events, with the request's id",
    params: v.strictObject({
      tool: ToolName,
      version: v.optional(VersionText),
      /** The project whose version, lock file and mirrors count; the user's home directory when absent. */
      cwd: v.optional(AbsolutePath),
      force: v.optional(v.boolean(), false),
      offline: v.optional(v.boolean(), false),
    }),
    result: v.object({ version: v.string(), path: v.string(), already_installed: v.boolean() }),
    long: true,
  }),
  "tool.uninstall": defineMethod({
    summary: "Removes one version of a tool from the store",
    params: v.strictObject({
      tool: ToolName,
      version: VersionText,
      /** Remove it even while processes run from it. */
      force: v.optional(v.boolean(), false),
    }),
    result: v.object({ removed: v.boolean() }),
    long: true,
  }),
  "tool.sync": defineMethod({
    summary:
      "Installs all that a project asks for; what happens comes as `install.*` events, with the request's id",
    params: v.strictObject({
      cwd: AbsolutePath,
      locked: v.optional(v.boolean(), false),
      force: v.optional(v.boolean(), false),
      offline: v.optional(v.boolean(), false),
      jobs: v.optional(Jobs),
      /** Fetch each artifact once for all hosts of the fleet that do the same. */
      share: v.optional(v.boolean(), false),
    }),
    result: v.object({
      ok: v.boolean(),
      installed: v.number(),
      present: v.number(),
      skipped: v.number(),
      failed: v.array(ToolFailure),
      duration_ms: v.number(),
    }),
    long: true,
  }),
} as const;
