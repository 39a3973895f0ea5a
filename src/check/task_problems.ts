/** What is sound as a table of [tasks], and can never run as it is meant. `haft run` goes on without it. */
import type { Stats } from "node:fs";
import { dirname } from "node:path";
import { argumentVariable, placeholdersOf } from "../process/command_line.ts";
import { parametersOf } from "../tasks/task_arguments.ts";
import { taskDirectory } from "../tasks/prepare_task.ts";
import { readTasks, type TaskConfig } from "../tasks/task_schema.ts";
import type { ManifestProblem } from "../tools/manifest/manifest_problem.ts";
import { didYouMean, nearestNames } from "../tools/versions/nearest.ts";

type Look = (path: string) => Stats | undefined;

/** @param look the state of a file or directory that a task names, undefined where there is none */
export function taskProblems(
  section: Readonly<Record<string, unknown>>,
  manifest: string,
  look: Look,
): ManifestProblem[] {
  const { tasks } = readTasks(section);
  return [
    ...aliasProblems(tasks),
    ...[...tasks].flatMap(([name, config]) => [
      ...commandProblems(name, config, look),
      ...parameterProblems(name, config),
      ...variableProblems(name, config),
      ...placeholderProblems(name, config),
      ...directoryProblems(name, config, { manifest, look }),
    ]),
  ];
}

function aliasProblems(tasks: ReadonlyMap<string, TaskConfig>): ManifestProblem[] {
  const owners = new Map([...tasks.keys()].map((name) => [name, name]));
  return [...tasks].flatMap(([name, { aliases }]) =>
    aliases.flatMap((alias) => {
      const owner = owners.get(alias);
      if (owner === undefined) owners.set(alias, name);
      if (owner === undefined || owner === name) return [];
      const keys = ["tasks", name, "aliases"];
      return [{
        keys,
        message: `key "tasks.${name}.aliases": "${alias}" is a name of task "${owner}" already`,
      }];
    })
  );
}

/** Texts in a list, as other tools write several commands. */
function commandProblems(name: string, { run = [] }: TaskConfig, look: Look): ManifestProblem[] {
  const [command] = run;
  if (run.length !== 1 || command === undefined || typeof command === "string") return [];
  const [program = ""] = command;
  if (!/\s/.test(program.trim()) || command.length < 2 || look(program) !== undefined) return [];
  return [{
    keys: ["tasks", name, "run"],
    message: `key "tasks.${name}.run" is one command, whose program is ${JSON.stringify(program)}`,
    next: "A list of texts is one program and its words. Several commands are the lines of one text: " +
      `run = ${JSON.stringify(command.join("\n"))}`,
  }];
}

function parameterProblems(name: string, config: TaskConfig): ManifestProblem[] {
  return parametersOf(config).flatMap(([parameter, { default: usual, choices }]) => {
    if (usual === undefined || choices === undefined || choices.includes(usual)) return [];
    const key = `tasks.${name}.args.${parameter}`;
    const message = `key "${key}.default" is none of its choices: "${usual}"`;
    return [{
      keys: ["tasks", name, "args", parameter, "default"],
      message,
      next: `Choose ${choices.join(", ")}`,
    }];
  });
}

/** Parameters whose variable is the same. */
function variableProblems(name: string, config: TaskConfig): ManifestProblem[] {
  const owners = new Map<string, string>();
  return parametersOf(config).flatMap(([parameter]) => {
    const variable = argumentVariable(parameter);
    const owner = owners.get(variable);
    owners.set(variable, owner ?? parameter);
    if (owner === undefined) return [];
    return [{
      keys: ["tasks", name, "args", parameter],
      message: `key "tasks.${name}.args.${parameter}" has the variable of "${owner}", ${variable}`,
      next: "Give one of the two another name",
    }];
  });
}

/** `{{x}}` without a parameter x stays as it is. Without parameters it may be another program's template. */
function placeholderProblems(name: string, config: TaskConfig): ManifestProblem[] {
  const parameters = parametersOf(config).map(([parameter]) => parameter);
  const known = [...parameters, "args"];
  const unknown = new Set((config.run ?? []).flatMap(placeholdersOf).filter((one) => !known.includes(one)));
  return [...unknown].flatMap((one) => {
    const near = didYouMean(nearestNames(one, known).map((other) => `{{${other}}}`));
    if (parameters.length === 0 && near === undefined) return [];
    return [{
      keys: ["tasks", name, "run"],
      message: `key "tasks.${name}.run" has {{${one}}}, and the task has no such parameter`,
      next: near ?? `It has ${known.map((other) => `{{${other}}}`).join(", ")}`,
    }];
  });
}

function directoryProblems(
  name: string,
  config: TaskConfig,
  { manifest, look }: { manifest: string; look: Look },
): ManifestProblem[] {
  const key = config.dir === undefined ? "cwd" : "dir";
  const written = config[key];
  if (written === undefined || written.includes("{{")) return [];
  const path = taskDirectory(dirname(manifest), config, "");
  if (look(path)?.isDirectory() === true) return [];
  return [{
    keys: ["tasks", name, key],
    message: `key "tasks.${name}.${key}" names no directory: "${path}"`,
  }];
}
