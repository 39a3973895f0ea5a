import * as v from "valibot";
import { defineMethod } from "./define.ts";
import { AbsolutePath } from "./words.ts";

/** A problem of a manifest, as a person or an editor is shown it. */
export const FoundProblem = v.object({
  file: v.string(),
  /** Both count from 1; 1 where the file does not say. */
  line: v.number(),
  column: v.number(),
  /** `apps.web.command`; null for what is not TOML. */
  key: v.nullable(v.string()),
  message: v.string(),
  next: v.nullable(v.string()),
  /** The line, with a caret below the place. */
  frame: v.string(),
});
export type FoundProblem = v.InferOutput<typeof FoundProblem>;

/** A task that a directory sees. */
export const DeclaredTask = v.object({
  name: v.string(),
  aliases: v.array(v.string()),
  description: v.nullable(v.string()),
  /** The haft.toml of the project that declares it. */
  manifest: v.string(),
  hidden: v.boolean(),
  depends: v.array(v.string()),
  /** What `haft run` asks before it runs. */
  confirm: v.nullable(v.string()),
  parameters: v.array(v.object({
    name: v.string(),
    /** Null when a value has to be given. */
    default: v.nullable(v.string()),
    choices: v.nullable(v.array(v.string())),
    description: v.nullable(v.string()),
  })),
});
export type DeclaredTask = v.InferOutput<typeof DeclaredTask>;

/** What of a project can run code. */
export const ProjectTrust = v.object({
  /** The file that trust is given to. */
  path: v.string(),
  trusted: v.boolean(),
  /** One for each thing that can run code; none when there is nothing to trust. */
  lines: v.array(v.string()),
  /** Names exactly what these lines say. */
  digest: v.string(),
});
export type ProjectTrust = v.InferOutput<typeof ProjectTrust>;

export const projectMethods = {
  "project.check": defineMethod({
    summary: "What is wrong in a haft.toml, as `haft check` says it; `text` stands for the file's own",
    params: v.strictObject({
      path: AbsolutePath,
      /** As an editor has it, not saved yet. */
      text: v.optional(v.pipe(v.string(), v.maxLength(1_048_576))),
    }),
    result: v.object({ problems: v.array(FoundProblem) }),
  }),
  "project.tasks": defineMethod({
    summary: "The tasks that a directory sees: its project's, and those of the projects above",
    params: v.strictObject({ cwd: AbsolutePath }),
    result: v.object({ tasks: v.array(DeclaredTask) }),
  }),
  "project.trust": defineMethod({
    summary: "What of a directory's project can run code, and whether it may",
    params: v.strictObject({ cwd: AbsolutePath }),
    result: ProjectTrust,
  }),
  "project.grant": defineMethod({
    summary: "Trusts a project as `haft trust` does, if it still is what `digest` of `project.trust` names",
    params: v.strictObject({ cwd: AbsolutePath, digest: v.pipe(v.string(), v.maxLength(128)) }),
    result: ProjectTrust,
  }),
} as const;
