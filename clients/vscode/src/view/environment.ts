import { delimiter } from "node:path";
import process from "node:process";
import * as vscode from "vscode";
import { type EnvironmentChange, environmentChanges, pathWith } from "../model/environment_changes.ts";
import type { Project } from "../model/project.ts";
import { setting } from "./settings.ts";
import type { Workspace } from "./workspace.ts";

/** Where the PATH that other extensions were started with is remembered. */
const SEEN_BY_EXTENSIONS = "haft.pathOfExtensions";

/**
 * The project's PATH and variables in terminals and tasks, for each folder its own, and in this process, from
 * which other extensions start their tools.
 */
export class ProjectEnvironment implements vscode.Disposable {
  readonly #workspace: Workspace;
  readonly #context: vscode.ExtensionContext;
  readonly #originalPath = process.env["PATH"] ?? "";
  readonly #disposables: vscode.Disposable[];

  constructor(workspace: Workspace, context: vscode.ExtensionContext) {
    this.#workspace = workspace;
    this.#context = context;
    // Kept by VS Code, so that a terminal which opens with the window has it before haft is asked.
    context.environmentVariableCollection.persistent = true;
    this.#disposables = [
      workspace.onDidChange(({ project, part }) => {
        if (part === "environment" || part === "trust") this.#apply(project);
      }),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (!change.affectsConfiguration("haft")) return;
        for (const project of workspace.projects) this.#apply(project);
      }),
    ];
  }

  dispose(): void {
    process.env["PATH"] = this.#originalPath;
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #apply(project: Project): void {
    const workspaceFolder = this.#workspace.folderOf(project);
    if (workspaceFolder === undefined) return;
    const { environment, trust } = project.state;
    // Not answered yet: what VS Code kept from the last time goes on.
    if (environment === undefined && trust?.trusted !== false) return;
    const scoped = this.#context.environmentVariableCollection.getScoped({ workspaceFolder });
    const enabled = environment !== undefined && setting("terminal.environment", workspaceFolder);
    const changes = enabled ? environmentChanges(environment, { delimiter, inherited: process.env }) : [];
    replaceChanges(scoped, changes);
    scoped.description = changes.length === 0 ? undefined : description(changes, project);
    this.#setOwnPath();
  }

  /** Extensions look their tools up in this process's PATH. */
  #setOwnPath(): void {
    const directories = setting("otherExtensions.environment")
      ? this.#workspace.projects.flatMap(({ state }) => state.environment?.path ?? [])
      : [];
    const path = pathWith(directories, this.#originalPath, delimiter);
    if (process.env["PATH"] === path) return;
    process.env["PATH"] = path;
    void this.#offerRestart(directories.join(delimiter));
  }

  /** Extensions that have started keep the tools they found; asked once for each PATH. */
  async #offerRestart(seen: string): Promise<void> {
    const { workspaceState } = this.#context;
    const before = workspaceState.get<string>(SEEN_BY_EXTENSIONS);
    if (before === seen) return;
    await workspaceState.update(SEEN_BY_EXTENSIONS, seen);
    // Nothing is there to be used yet.
    if (before === undefined || seen === "" || !setting("otherExtensions.offerRestart")) {
      return;
    }
    const restart = "Restart Extensions";
    const never = "Never Ask";
    const chosen = await vscode.window.showInformationMessage(
      "The project's tools have changed. Other extensions use the new ones once they are restarted.",
      restart,
      never,
    );
    if (chosen === restart) {
      await vscode.commands.executeCommand("workbench.action.restartExtensionHost");
    }
    if (chosen === never) {
      await vscode.workspace.getConfiguration("haft").update(
        "otherExtensions.offerRestart",
        false,
        vscode.ConfigurationTarget.Global,
      );
    }
  }
}

/** Writes what differs: each write marks open terminals as out of date. */
function replaceChanges(
  collection: vscode.EnvironmentVariableCollection,
  changes: readonly EnvironmentChange[],
): void {
  const wanted = new Set(changes.map(({ variable }) => variable));
  const present = [...collection].map(([variable]) => variable);
  for (const variable of present) {
    if (!wanted.has(variable)) collection.delete(variable);
  }
  // Both: some shells' start files set PATH again after the process began.
  const options = { applyAtProcessCreation: true, applyAtShellIntegration: true };
  for (const { variable, kind, value } of changes) {
    const type = kind === "prepend"
      ? vscode.EnvironmentVariableMutatorType.Prepend
      : vscode.EnvironmentVariableMutatorType.Replace;
    const known = collection.get(variable);
    if (known?.type === type && known.value === value) continue;
    collection[kind](variable, value, options);
  }
}

function description(changes: readonly EnvironmentChange[], { root }: Project): vscode.MarkdownString {
  const names = changes.map(({ variable }) => `\`${variable}\``).join(", ");
  return new vscode.MarkdownString(`haft: the tools and variables of \`${root}\` (${names})`);
}
