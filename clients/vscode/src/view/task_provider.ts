import { relative, resolve } from "node:path";
import * as vscode from "vscode";
import type { DeclaredTask } from "../model/project.ts";
import { runArguments } from "../model/task_words.ts";
import type { Place } from "./place.ts";
import type { Workspace } from "./workspace.ts";

/** `{ "type": "haft", "task": "test", "args": ["--level=2"] }` in a tasks.json. */
interface Definition extends vscode.TaskDefinition {
  task: string;
  args?: string[];
  /** Below the folder. */
  directory?: string;
}

/** `haft: test` among VS Code's tasks. A process and no shell: a task's name is one word of the command. */
export class HaftTasks implements vscode.TaskProvider {
  readonly #workspace: Workspace;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  provideTasks(): vscode.Task[] {
    if (!vscode.workspace.isTrusted) return [];
    return this.#workspace.projects.flatMap((project) =>
      project.state.tasks.filter(({ hidden }) => !hidden).map((task) =>
        this.taskOf({ project, cwd: project.root }, task, [])
      )
    );
  }

  /** Completes a task of a tasks.json. */
  resolveTask(task: vscode.Task): vscode.Task | undefined {
    const { scope } = task;
    if (!isDefinition(task.definition)) return undefined;
    const folder = typeof scope === "object" ? scope : vscode.workspace.workspaceFolders?.[0];
    return folder === undefined ? undefined : this.#make(folder, task.definition, task.detail);
  }

  taskOf(
    { project, cwd }: Place,
    { name, description, parameters }: DeclaredTask,
    args: string[],
  ): vscode.Task {
    const folder = this.#workspace.folderOf(project);
    if (folder === undefined) {
      throw new Error(`"${project.root}" is no folder of this window`);
    }
    const below = relative(project.root, cwd);
    const definition: Definition = {
      type: "haft",
      task: name,
      ...(args.length === 0 ? {} : { args }),
      ...(below === "" ? {} : { directory: below }),
    };
    const takes = parameters.map(({ name }) => `--${name}`).join(" ");
    return this.#make(folder, definition, description ?? (takes === "" ? undefined : takes));
  }

  #make(
    folder: vscode.WorkspaceFolder,
    definition: Definition,
    detail: string | undefined,
  ): vscode.Task {
    const { task: name, args = [], directory = "" } = definition;
    const execution = new vscode.ProcessExecution(
      this.#workspace.executable(),
      ["run", name, ...args],
      {
        cwd: resolve(folder.uri.fsPath, directory),
      },
    );
    const task = new vscode.Task(
      definition,
      folder,
      name,
      "haft",
      execution,
      [],
    );
    if (detail !== undefined) task.detail = detail;
    if (/^test\b/.test(name)) task.group = vscode.TaskGroup.Test;
    if (/^build\b/.test(name)) task.group = vscode.TaskGroup.Build;
    return task;
  }
}

function isDefinition(definition: vscode.TaskDefinition): definition is Definition {
  return definition.type === "haft" && typeof definition["task"] === "string";
}

/** Asks for what a task takes. @returns undefined when the person gave up */
export async function askArguments(task: DeclaredTask): Promise<string[] | undefined> {
  const values = new Map<string, string>();
  for (const { name, default: usual, choices, description } of task.parameters) {
    const title = `haft: ${task.name}`;
    const prompt = description ?? `--${name}`;
    const value = choices === null
      ? await vscode.window.showInputBox({
        title,
        prompt,
        value: usual ?? "",
        validateInput: (text) => text === "" && usual === null ? `--${name} has to be given` : undefined,
      })
      : await vscode.window.showQuickPick(choices, { title, placeHolder: prompt });
    if (value === undefined) return undefined;
    values.set(name, value);
  }
  return runArguments(task, values);
}
