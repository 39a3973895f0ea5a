import * as v from "valibot";
import { defineMethod } from "./define.ts";
import { AbsolutePath, ToolName, VersionText, Word } from "./words.ts";

/** The directory whose project is meant; the user's home directory when absent. */
const Cwd = v.optional(AbsolutePath);

/**
 * Who asks: a haft of this version that keeps its things there. A daemon that is another one refuses with
 * `not_found`, because its answer would be about other tools than the caller's.
 */
const Caller = v.optional(v.strictObject({
  version: v.string(),
  store: v.string(),
  config: v.string(),
  /** The user's, whose files decide, too. */
  home: v.optional(v.string()),
  /** Where it keeps what is trusted. */
  state: v.optional(v.string()),
}));

const Variables = v.record(v.string(), v.string());
const Overrides = v.record(v.string(), v.nullable(v.string()));

/** One tool as a project, or the store, has it. */
const Runtime = v.object({
  runtime: v.string(),
  /** The version as written; null in a list of the store. */
  request: v.nullable(v.string()),
  version: v.nullable(v.string()),
  installed: v.boolean(),
  /** The install directory; null when it is not installed. */
  path: v.nullable(v.string()),
  /** The file that asks for it; null in a list of the store. */
  decided_by: v.nullable(v.string()),
});

export const runtimeMethods = {
  "runtime.resolve": defineMethod({
    summary: "What a name runs in a directory, and with which environment",
    params: v.strictObject({
      runtime: ToolName,
      version: v.optional(VersionText),
      cwd: Cwd,
      caller: Caller,
      /** The caller's PATH, where a JavaScript tool looks for its runtime when the project has none. */
      search_path: v.optional(v.pipe(Word, v.maxLength(131_072))),
    }),
    result: v.object({
      executable: v.string(),
      /** What comes before the tool's own arguments. */
      args: v.array(v.string()),
      version: v.string(),
      /** Directories that go in front of PATH. */
      path: v.array(v.string()),
      /** Variables to set where they are not set already. */
      defaults: Variables,
      /** Variables to set in any case; null takes one away. */
      env: Overrides,
      decided_by: v.string(),
    }),
  }),
  "runtime.environment": defineMethod({
    summary: "The environment of a directory's project: its tools on PATH, and its variables",
    params: v.strictObject({ cwd: Cwd, caller: Caller }),
    result: v.object({ path: v.array(v.string()), defaults: Variables, env: Overrides }),
  }),
  "runtime.versions": defineMethod({
    summary: "Installed versions of a tool, oldest first; with `remote`, those that its source offers",
    params: v.strictObject({ runtime: ToolName, remote: v.optional(v.boolean(), false), cwd: Cwd }),
    result: v.object({
      versions: v.array(v.string()),
      /**
       * Version → the day it was published (`2024-10-29`), with `remote` and where the source's list tells.
       */
      dates: v.optional(Variables),
    }),
    long: true,
  }),
  "runtime.list": defineMethod({
    summary: "The tools of a directory's project; without `cwd`, all that are in the store",
    params: v.strictObject({ cwd: Cwd }),
    result: v.object({ runtimes: v.array(Runtime) }),
  }),
} as const;
