import { UsageError } from "../base/errors.ts";
import { argumentVariable } from "../process/command_line.ts";
import { didYouMean, nearestNames } from "../tools/versions/nearest.ts";
import type { Parameter, TaskConfig } from "./task_schema.ts";

/** What a caller gave to a task. */
export interface TaskArguments {
  /** Parameter → value, defaults filled in. */
  values: Readonly<Record<string, string>>;
  /** Words for the command. */
  words: readonly string[];
}

/** The parameters of a task, in the order of the manifest. */
export function parametersOf({ args }: TaskConfig): [name: string, Parameter][] {
  return Array.isArray(args) ? [] : Object.entries(args);
}

/**
 * Reads the words after a task's name: `--NAME VALUE`, `--NAME=VALUE`, and values by their place. What
 * follows `--`, and every word of a task without parameters, goes to its command.
 *
 * @throws {UsageError} for an unknown parameter, a value that is no choice, or one that is missing
 */
export function readArguments(
  task: string,
  config: TaskConfig,
  { words, rest }: { words: readonly string[]; rest: readonly string[] },
): TaskArguments {
  const fixed = Array.isArray(config.args) ? config.args : [];
  const parameters = parametersOf(config);
  if (parameters.length === 0) return { values: {}, words: [...fixed, ...words, ...rest] };
  const given = new Map<string, string>();
  const byPlace: string[] = [];
  const left = [...words];
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    const named = /^--([A-Za-z][\w-]*)(?:=(.*))?$/s.exec(word);
    if (named === null) {
      byPlace.push(word);
      continue;
    }
    const [, name = "", value = left.shift()] = named;
    if (!parameters.some(([known]) => known === name)) throw unknownParameter(task, name, parameters);
    if (value === undefined) throw new UsageError(`Task "${task}": --${name} needs a value`);
    given.set(name, value);
  }
  for (const [name] of parameters) {
    if (given.has(name)) continue;
    const value = byPlace.shift();
    if (value !== undefined) given.set(name, value);
  }
  const values = Object.fromEntries(
    parameters.map(([name, parameter]) => [name, valueOf(task, name, parameter, given.get(name))]),
  );
  return { values, words: [...byPlace, ...rest] };
}

function valueOf(task: string, name: string, parameter: Parameter, given: string | undefined): string {
  const value = given ?? parameter.default;
  const { choices } = parameter;
  if (value === undefined) {
    throw new UsageError(`Task "${task}" needs --${name}`, { next: `Run "haft run ${task} --help"` });
  }
  if (choices !== undefined && !choices.includes(value)) {
    throw new UsageError(`Task "${task}": --${name} is ${choices.join(", ")}, not "${value}"`);
  }
  return value;
}

function unknownParameter(
  task: string,
  name: string,
  parameters: readonly [string, Parameter][],
): UsageError {
  const names = parameters.map(([known]) => known);
  const near = didYouMean(nearestNames(name, names).map((one) => `--${one}`));
  return new UsageError(`Task "${task}" has no parameter --${name}`, {
    next: near ?? `It has ${names.map((one) => `--${one}`).join(", ")}; words for its command follow --`,
  });
}

/** The variables by which a command finds its parameters: `HAFT_ARG_NAME`, and their own names. */
export function argumentVariables(
  values: Readonly<Record<string, string>>,
  taken: Readonly<Record<string, string>>,
): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    const word = name.replaceAll("-", "_");
    variables[argumentVariable(name)] = value;
    if (taken[word] === undefined) variables[word] = value;
  }
  return variables;
}
