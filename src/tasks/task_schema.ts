import * as v from "valibot";
import { Command, Duration, Shell, Text, Variable, VariableName } from "../process/config/process_schema.ts";
import { UsageError } from "../base/errors.ts";
import { checkSection } from "../tools/manifest/read_toml.ts";
import { didYouMean, nearestNames } from "../tools/versions/nearest.ts";
import { dependencyCycle } from "../base/dependency_order.ts";

const TextList = v.union([v.pipe(Text, v.transform((text) => [text])), v.array(Text)]);

/** One `[tasks.NAME]`: a command, or a request to a backend. */
export const TaskTable = v.pipe(
  v.strictObject({
    /** A text that a shell runs, or a list of words. */
    run: v.optional(Command),
    /** The shell of a text; `[settings] shell` by default. */
    shell: v.optional(Shell),
    args: v.optional(v.array(v.string()), []),
    /** Below the project's directory. */
    cwd: v.optional(Text, "."),
    env: v.optional(v.record(VariableName, Variable), {}),
    /** Tasks that have to be completed first, when it is run with them (`haft task run`). */
    depends: v.optional(TextList, []),
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
    /**
     * Globs below the project's directory: while these files, and the outputs, are as they were, there is
     * nothing to do.
     */
    inputs: v.optional(TextList, []),
    outputs: v.optional(TextList, []),
    backend: v.optional(Text),
    method: v.optional(Text, "run"),
  }),
  v.check(
    ({ run, backend }) => (run === undefined) !== (backend === undefined),
    'a table with "run" or "backend", and not both',
  ),
);
export type TaskConfig = v.InferOutput<typeof TaskTable>;

/**
 * Reads the `[tasks]` of a manifest.
 *
 * @param path how messages name the manifest
 * @throws {UsageError} naming the file, the key and what was expected; or the circle of dependencies
 */
export function parseTasks(
  section: Readonly<Record<string, unknown>>,
  path: string,
): Map<string, TaskConfig> {
  const tasks = new Map<string, TaskConfig>();
  for (const [name, table] of Object.entries(section)) {
    const value = typeof table === "string" || Array.isArray(table) ? { run: table } : table;
    tasks.set(name, checkSection(value, TaskTable, { what: "manifest", path, keys: ["tasks", name] }));
  }
  for (const [name, { depends }] of tasks) {
    const unknown = depends.find((other) => !tasks.has(other));
    if (unknown === undefined) continue;
    const next = didYouMean(nearestNames(unknown, [...tasks.keys()].filter((other) => other !== name)));
    throw new UsageError(
      `Cannot read manifest "${path}": key "tasks.${name}.depends" names no task: "${unknown}"`,
      next === undefined ? {} : { next },
    );
  }
  const cycle = dependencyCycle(new Map([...tasks].map(([name, { depends }]) => [name, depends])));
  if (cycle === undefined) return tasks;
  throw new UsageError(
    `Cannot read manifest "${path}": tasks depend on each other in a circle: ${cycle.join(" → ")}`,
    { next: "Take one of these depends away" },
  );
}
