import * as v from "valibot";
import { Command, Duration, Shell, Text, Variable, VariableName } from "../process/config/process_schema.ts";
import type { UsageError } from "../base/errors.ts";
import { type ManifestProblem, problemError } from "../tools/manifest/manifest_problem.ts";
import { plainPath } from "../tools/manifest/plain_path.ts";
import { NO_INCLUDES, type TaskIncludes } from "../tools/manifest/task_includes.ts";
import { readSection } from "../tools/manifest/read_toml.ts";
import { didYouMean, nearestNames } from "../tools/versions/nearest.ts";
import { dependencyCycles } from "../base/dependency_order.ts";
import { taskNamed } from "./task_named.ts";

const TextList = v.union([v.pipe(Text, v.transform((text) => [text])), v.array(Text)]);

/** A parameter of a task: `--NAME VALUE`, `--NAME=VALUE` or by its place. */
const Parameter = v.union([
  v.pipe(Variable, v.transform((value) => ({ default: value, choices: undefined, description: undefined }))),
  v.strictObject({
    default: v.optional(Variable),
    choices: v.optional(v.pipe(v.array(Variable), v.minLength(1, "one choice or more"))),
    description: v.optional(Text),
  }),
]);
export type Parameter = v.InferOutput<typeof Parameter>;

/** One command, or several in order: a list that holds a list. */
const Commands = v.union([
  v.pipe(Command, v.transform((command) => [command])),
  v.pipe(
    v.array(Command),
    v.check((commands) => commands.length > 0, "one command or more"),
  ),
]);

/** One `[tasks.NAME]`: commands, a request to a backend, or a group of tasks. */
export const TaskTable = v.pipe(
  v.strictObject({
    /** A text that a shell runs, a list of words, or a list of commands. */
    run: v.optional(Commands),
    /** The shell of a text; `[settings] shell` by default. */
    shell: v.optional(Shell),
    description: v.optional(Text),
    /** Other names. */
    aliases: v.optional(TextList, []),
    /** Left out of lists and completions. */
    hide: v.optional(v.boolean(), false),
    /** More words; or parameters that the caller may give. */
    args: v.optional(
      v.union([
        v.array(v.string()),
        v.record(v.pipe(v.string(), v.regex(/^[A-Za-z][\w-]*$/, "a parameter's name")), Parameter),
      ]),
      [],
    ),
    /** Where it runs, below the project's directory; `{{cwd}}` is the caller's. */
    dir: v.optional(Text),
    /** The same, under its first name. */
    cwd: v.optional(Text),
    env: v.optional(v.pipe(v.record(VariableName, Variable), plainPath()), {}),
    /** Files of variables below the project's directory; a missing one is left out. */
    dotenv: v.optional(TextList, []),
    /** Tasks that run to completion before it. */
    depends: v.optional(TextList, []),
    /** Tasks that run after it was completed. */
    depends_post: v.optional(TextList, []),
    /** A question to answer with yes before it runs. */
    confirm: v.optional(Text),
    /** The only platforms it runs on. */
    platforms: v.optional(
      v.array(v.picklist(["linux", "darwin", "macos", "win32", "windows"], "linux, macos or windows")),
    ),
    timeout: v.optional(Duration),
    /** How often it is tried again when it fails. */
    retries: v.optional(
      v.pipe(
        v.number(),
        v.integer("a whole number"),
        v.minValue(0, "0 or more"),
        v.maxValue(100, "100 or less"),
      ),
      0,
    ),
    /** The wait before the first retry; doubled for each further one. */
    retry_delay: v.optional(Duration, "1s"),
    /** Files: while these and the outputs are as they were, there is nothing to do. */
    inputs: v.optional(TextList, []),
    outputs: v.optional(TextList, []),
    /** Runs only when this command succeeds. */
    if: v.optional(Command),
    /** When this command succeeds, there is nothing to do. */
    status: v.optional(Command),
    backend: v.optional(Text),
    method: v.optional(Text, "run"),
  }),
  v.check(
    ({ run, backend, depends }) =>
      [run, backend].filter((one) => one !== undefined).length === 1 ||
      (run === undefined && backend === undefined && depends.length > 0),
    'a table with "run" or "backend", and not both; or with "depends" alone',
  ),
);
export type TaskConfig = v.InferOutput<typeof TaskTable>;

/** What a manifest declares. */
export interface DeclaredTasks {
  tasks: Map<string, TaskConfig>;
  /** Name or alias → what is wrong with the task, naming the file, the key and what was expected. */
  wrong: Map<string, UsageError>;
}

/**
 * Reads the `[tasks]` of a manifest. One that is wrong is no reason not to run the others.
 *
 * @param path how messages name the manifest
 * @param includes what of the tasks other files declare
 * @throws {UsageError} when an included file cannot be used
 */
export function parseTasks(
  section: Readonly<Record<string, unknown>>,
  path: string,
  includes: TaskIncludes = NO_INCLUDES,
): DeclaredTasks {
  const [first] = includeProblems(includes);
  if (first !== undefined) throw problemError(first, { what: "manifest", path });
  const { tasks, problems } = readTasks(section);
  const wrong = new Map<string, UsageError>();
  for (const problem of problems) {
    const name = String(problem.keys[1]);
    if (wrong.has(name)) continue;
    const error = taskError(problem, { path, includes });
    for (const one of [name, ...namesIn(section[name]).aliases]) {
      if (one === name || !Object.hasOwn(section, one)) wrong.set(one, error);
    }
  }
  return { tasks, wrong };
}

/** A problem of a task, in the file that declares it. */
export function taskError(
  problem: ManifestProblem,
  { path, includes }: { path: string; includes: TaskIncludes },
): UsageError {
  const placed = placedIn(problem, includes);
  if (placed === undefined) return problemError(problem, { what: "manifest", path });
  return problemError(placed.problem, { what: "file of tasks", path: placed.file });
}

/** The files of `[includes]` that cannot be used. */
export function includeProblems({ errors }: TaskIncludes): ManifestProblem[] {
  return [...errors].map(([namespace, { message, next }]) => ({
    keys: ["includes", namespace],
    message: `key "includes.${namespace}": ${message}`,
    ...(next === undefined ? {} : { next }),
  }));
}

/** The problem where an included file has it; undefined when it is the manifest's own. */
export function placedIn(
  problem: ManifestProblem,
  { origins }: TaskIncludes,
): { file: string; problem: ManifestProblem } | undefined {
  const [section, name, ...rest] = problem.keys;
  const origin = section === "tasks" && typeof name === "string" ? origins.get(name) : undefined;
  if (origin === undefined) return undefined;
  return { file: origin.file, problem: { ...problem, keys: ["tasks", origin.name, ...rest] } };
}

/** The tasks that can be read, and all that is wrong. */
export function readTasks(
  section: Readonly<Record<string, unknown>>,
): { tasks: Map<string, TaskConfig>; problems: ManifestProblem[] } {
  const tasks = new Map<string, TaskConfig>();
  const problems: ManifestProblem[] = [];
  for (const [name, table] of Object.entries(section)) {
    const value = typeof table === "string" || Array.isArray(table) ? { run: table } : table;
    const task = readSection(value, TaskTable, ["tasks", name]);
    problems.push(...task.problems);
    if (task.output !== undefined) tasks.set(name, task.output);
  }
  problems.push(...circles(tasks));
  return { tasks, problems };
}

/** What a task is named by, and names; also of a task whose other keys are wrong. */
const Names = v.object({
  aliases: v.optional(v.fallback(TextList, []), []),
  depends: v.optional(v.fallback(TextList, []), []),
  depends_post: v.optional(v.fallback(TextList, []), []),
});

function namesIn(table: unknown): v.InferOutput<typeof Names> {
  const names = v.safeParse(Names, table);
  return names.success ? names.output : { aliases: [], depends: [], depends_post: [] };
}

/**
 * Words of `depends` and `depends_post` that name no task of the section.
 *
 * @param isKnown whether another file that this one sees has a task of the name
 */
export function unknownDependencies(
  section: Readonly<Record<string, unknown>>,
  isKnown: (word: string) => boolean,
): ManifestProblem[] {
  const tasks = Object.entries(section).map(([name, table]) => ({ name, ...namesIn(table) }));
  const own = tasks.flatMap(({ name, aliases }) => [name, ...aliases]);
  return tasks.flatMap(({ name, ...task }) =>
    (["depends", "depends_post"] as const).flatMap((key) =>
      task[key].filter((word) => !own.includes(word) && !isKnown(word)).map((word) =>
        unknownDependency(
          { name, key, word },
          didYouMean(nearestNames(word, own.filter((one) => one !== name))),
        )
      )
    )
  );
}

/** @param next the next step, where there is one nearer than that of any such word */
export function unknownDependency(
  { name, key, word }: { name: string; key: "depends" | "depends_post"; word: string },
  next = "It names a task of this file or of those above, of a package.json, justfile … beside them, or " +
    '//DIRECTORY:TASK; "haft tasks" lists them',
): ManifestProblem {
  return { keys: ["tasks", name, key], message: `key "tasks.${name}.${key}" names no task: "${word}"`, next };
}

function circles(tasks: ReadonlyMap<string, TaskConfig>): ManifestProblem[] {
  const named = (names: readonly string[]) => names.map((other) => taskNamed(tasks, other)?.name ?? other);
  const cycles = dependencyCycles(
    new Map(
      [...tasks].map(([name, { depends, depends_post: post }]) => [name, named([...depends, ...post])]),
    ),
  );
  return cycles.map((cycle) => {
    const [first = "", second = ""] = cycle;
    const key = named(tasks.get(first)?.depends ?? []).includes(second) ? "depends" : "depends_post";
    return {
      keys: ["tasks", first, key],
      message: `tasks depend on each other in a circle: ${cycle.join(" → ")}`,
      next: "Take one of these depends or depends_post away",
    };
  });
}
