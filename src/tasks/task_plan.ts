import { UsageError } from "../base/errors.ts";
import { quotePosix } from "../process/command_line.ts";
import { findTask, type FoundTask, scopeOf, type TaskScope, UnknownTask } from "./project_tasks.ts";
import { readArguments, type TaskArguments } from "./task_arguments.ts";

/** One task of a run, with what has to be over before it. */
export interface PlannedTask extends FoundTask {
  /** How output and messages name it. */
  label: string;
  given: TaskArguments;
  /** Keys of the tasks before it. */
  after: readonly string[];
  /** It ran before a task of the run already, and runs once more after that one. */
  again: boolean;
}

/** Key → task. The key tells tasks of one name in two projects apart. */
export type TaskPlan = ReadonlyMap<string, PlannedTask>;

export interface PlanRequest {
  /** Names and, after the last name, words for it. */
  words: readonly string[];
  /** What follows `--`. */
  rest: readonly string[];
  /** Only what the tasks are is wanted: their parameters need no values yet. */
  help?: boolean;
}

/**
 * The tasks of a command line with all that they depend on. A word that names no task is a value for the
 * task before it, when that task has parameters, and so is an option; words after `--` belong to the last
 * task.
 *
 * @throws {UsageError} for an unknown task or parameter, and for words that a group of tasks gets
 */
export function planTasks({ words, rest, help = false }: PlanRequest, scope: TaskScope): TaskPlan {
  const plan = new Map<string, PlannedTask>();
  const calls = splitCalls(words, scope);
  for (const [index, { found, words: own }] of calls.entries()) {
    const last = index === calls.length - 1;
    add(plan, found, { words: own, rest: last ? rest : [] }, { scope, help, path: [] });
  }
  return plan;
}

interface Call {
  found: FoundTask;
  words: string[];
}

function splitCalls(words: readonly string[], scope: TaskScope): Call[] {
  const calls: Call[] = [];
  let takesValue = false;
  for (const word of words) {
    const current = calls.at(-1);
    const parameters = current !== undefined && !Array.isArray(current.found.config.args);
    if (current !== undefined && (takesValue || word.startsWith("-"))) {
      takesValue = !takesValue && parameters && word.startsWith("--") && !word.includes("=");
      current.words.push(word);
      continue;
    }
    const found = tryFind(word, scope, { optional: parameters, before: current?.found.name });
    if (found === undefined) current?.words.push(word);
    else calls.push({ found, words: [] });
  }
  return calls;
}

/** @param optional a word that names no task is a value for the task before it */
function tryFind(
  word: string,
  scope: TaskScope,
  { optional, before }: { optional: boolean; before: string | undefined },
): FoundTask | undefined {
  try {
    return findTask(word, scope);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    if (optional) return undefined;
    if (before === undefined) throw error;
    const near = error.next?.startsWith("Did you mean") === true ? `${error.next}\n` : "";
    throw new UsageError(error.message, {
      next: `${near}Words for "${before}" follow --: haft run ${quotePosix(before)} -- ${quotePosix(word)} …`,
    });
  }
}

interface Adding {
  scope: TaskScope;
  help: boolean;
  /** The keys on the way here, for circles across projects. */
  path: readonly string[];
}

/** @returns its key */
function add(
  plan: Map<string, PlannedTask>,
  found: FoundTask,
  words: { words: readonly string[]; rest: readonly string[] },
  { scope, help, path }: Adding,
): string {
  const key = `${found.project.manifest}\0${found.name}`;
  if (path.includes(key)) {
    const names = [...path.slice(path.indexOf(key)), key].map((one) => one.slice(one.indexOf("\0") + 1));
    throw new UsageError(`Tasks depend on each other in a circle: ${names.join(" → ")}`, {
      next: "Take one of these depends or depends_post away",
    });
  }
  if (plan.has(key)) return key;
  const given = help ? { values: {}, words: [] } : readArguments(found.name, found.config, words);
  if (found.config.run === undefined && found.config.backend === undefined) refuseWords(found.name, given);
  const { depends, depends_post: posts } = found.config;
  const around = depends.length + posts.length === 0 ? scope : scopeOf(found.project, scope);
  const within: Adding = { scope: around, help, path: [...path, key] };
  const none = { words: [], rest: [] };
  const after = depends.map((word) => add(plan, dependency(word, found, around), none, within));
  plan.set(key, { ...found, label: labelOf(found, plan), given, after, again: false });
  addPosts(plan, key, (word) => add(plan, dependency(word, found, around), none, within));
  return key;
}

/** A word of `depends` or `depends_post` that is the name of no task. */
export class UnknownDependency extends UsageError {
  readonly task: FoundTask;
  readonly word: string;

  constructor(task: FoundTask, word: string, cause: UnknownTask) {
    super(`Task "${task.name}" depends on "${word}", which names no task`, {
      cause,
      ...(cause.next === undefined ? {} : { next: cause.next }),
    });
    this.task = task;
    this.word = word;
  }
}

/** @throws {UnknownDependency} when the file that declares the task sees none of this name */
function dependency(word: string, task: FoundTask, around: TaskScope): FoundTask {
  try {
    return findTask(word, around);
  } catch (error) {
    throw error instanceof UnknownTask ? new UnknownDependency(task, word, error) : error;
  }
}

/**
 * Puts the `depends_post` of a task after it. One that the task itself waits for (`clean` before and after)
 * gets a second run, so that the plan never has a circle.
 *
 * @param addNamed adds a task to the plan, and returns its key
 */
function addPosts(plan: Map<string, PlannedTask>, key: string, addNamed: (name: string) => string): void {
  for (const name of plan.get(key)?.config.depends_post ?? []) {
    let post = addNamed(name);
    while (waitsFor(plan, key, post)) {
      const before = plan.get(post);
      post = `${post}\0again`;
      if (before === undefined || plan.has(post)) continue;
      plan.set(post, { ...before, again: true });
      addPosts(plan, post, addNamed);
    }
    const known = plan.get(post);
    if (known !== undefined) plan.set(post, { ...known, after: [...known.after, key] });
  }
}

/** Whether a task of the plan runs after another one, directly or not. */
function waitsFor(plan: ReadonlyMap<string, PlannedTask>, key: string, other: string): boolean {
  const seen = new Set<string>();
  const left = [key];
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    if (at === other) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    left.push(...plan.get(at)?.after ?? []);
  }
  return false;
}

/** @throws {UsageError} for words that no command would get */
function refuseWords(name: string, { words }: TaskArguments): void {
  if (words.length === 0) return;
  throw new UsageError(`Task "${name}" only groups others, so it takes no words: ${words.join(" ")}`, {
    next: "Name the task that they are for",
  });
}

/** The name alone, unless another project's task of the run has it. */
function labelOf({ name, project }: FoundTask, plan: TaskPlan): string {
  const taken = [...plan.values()].some(({ label }) => label === name);
  return taken ? `${name} (${project.root})` : name;
}
