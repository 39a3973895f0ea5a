import { dirname } from "node:path";
import * as vscode from "vscode";
import type { DeclaredTask, TaskRun } from "../model/project.ts";
import { runRow } from "../model/task_words.ts";
import { command } from "./commands.ts";
import { type InManifest, isInManifest, type Place, placeOf } from "./place.ts";
import { type ProjectRow, ProjectTree } from "./project_tree.ts";
import { askArguments, HaftTasks } from "./task_provider.ts";
import { requireTrust } from "./trust.ts";
import type { Workspace } from "./workspace.ts";

type Row = { kind: "task"; task: DeclaredTask } | { kind: "run"; run: TaskRun };
type TaskElement = ProjectRow<Row>;

const LOG_LINES = 2_000;

/** The tasks of every folder's project and below them the latest runs, wherever they were started. */
export function registerTasks(workspace: Workspace): vscode.Disposable {
  const tree = new ProjectTree<Row>(workspace, {
    parts: ["tasks", "runs"],
    rows: ({ state: { tasks, runs } }) => [
      ...tasks.filter(({ hidden }) => !hidden).map((task) => ({ kind: "task" as const, task })),
      ...runs.map((run) => ({ kind: "run" as const, run })),
    ],
    item: (row) =>
      row.kind === "task"
        ? taskItem(row.task)
        : runItem(row.run, { known: workspace.noDaemon === undefined }),
  });
  const provider = new HaftTasks(workspace);
  const run = async ({ place, task }: ChosenTask) => {
    const args = await askArguments(task);
    if (args === undefined) return;
    await requireTrust(workspace, dirname(task.manifest));
    await vscode.tasks.executeTask(provider.taskOf(place, task, args));
  };
  return vscode.Disposable.from(
    vscode.window.createTreeView("haft.tasks", { treeDataProvider: tree }),
    vscode.tasks.registerTaskProvider("haft", provider),
    command(
      workspace,
      "haft.task.run",
      async (source?: TaskElement | InManifest) => {
        await run(await chosenTask(workspace, source));
      },
    ),
    command(workspace, "haft.task.cancel", async (element?: TaskElement) => {
      await workspace.link.request("task.cancel", { id: chosenRun(element).id });
    }),
    command(workspace, "haft.task.resume", async (element?: TaskElement) => {
      const { id, name, root } = chosenRun(element);
      if (name !== null) await requireTrust(workspace, root);
      await workspace.link.request("task.resume", { id });
    }),
    command(workspace, "haft.task.log", async (element?: TaskElement) => {
      const { id } = chosenRun(element);
      const { lines } = await workspace.link.request("task.logs", { id, lines: LOG_LINES });
      const document = await vscode.workspace.openTextDocument({
        content: lines.join("\n"),
        language: "log",
      });
      await vscode.window.showTextDocument(document);
    }),
  );
}

function taskItem(task: DeclaredTask): vscode.TreeItem {
  const item = new vscode.TreeItem(task.name);
  item.description = task.description ?? "";
  item.iconPath = new vscode.ThemeIcon("play");
  item.contextValue = "task";
  item.tooltip = [task.description, ...task.depends.map((name) => `after ${name}`), task.manifest].filter((
    line,
  ) => line !== null).join("\n");
  return item;
}

function runItem(run: TaskRun, { known }: { known: boolean }): vscode.TreeItem {
  const { label, description, icon, color, context } = runRow(run, { now: Date.now(), known });
  const item = new vscode.TreeItem(label);
  item.description = description;
  item.iconPath = new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));
  item.contextValue = context;
  item.tooltip = [`${run.state}, run ${run.id}`, run.error].filter((line) => line !== null).join("\n");
  item.accessibilityInformation = { label: `${label} ${description}` };
  return item;
}

interface ChosenTask {
  place: Place;
  task: DeclaredTask;
}

async function chosenTask(
  workspace: Workspace,
  source: TaskElement | InManifest | undefined,
): Promise<ChosenTask> {
  if (isInManifest(source)) return await taskInManifest(workspace, source);
  if (source?.row?.kind === "task") {
    return {
      place: { project: source.project, cwd: source.project.root },
      task: source.row.task,
    };
  }
  const items = workspace.projects.flatMap((project) =>
    project.state.tasks.map((task) => ({
      label: task.name,
      description: [workspace.nameAmongSeveral(project), task.description]
        .filter(isSaid).join(", "),
      place: { project, cwd: project.root },
      task,
    }))
  );
  const picked = await vscode.window.showQuickPick(items, {
    title: "haft: Which Task?",
  });
  if (picked === undefined) throw new vscode.CancellationError();
  return picked;
}

/** The file may be of a directory below the folder, or have a task that was not saved yet. */
async function taskInManifest(
  workspace: Workspace,
  source: InManifest,
): Promise<ChosenTask> {
  const place = await placeOf(workspace, source);
  const { tasks } = await workspace.link.request("project.tasks", {
    cwd: place.cwd,
  });
  const task = tasks.find(({ name }) => name === source.name);
  if (task === undefined) {
    throw new Error(
      `haft finds no task "${source.name}" in "${place.cwd}". Is haft.toml saved?`,
    );
  }
  return { place, task };
}

function isSaid(text: string | null | undefined): text is string {
  return text !== null && text !== undefined && text !== "";
}

function chosenRun(element: TaskElement | undefined): TaskRun {
  if (element?.row?.kind !== "run") {
    throw new Error("Choose a run in the Tasks view");
  }
  return element.row.run;
}
