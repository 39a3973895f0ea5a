import * as vscode from "vscode";
import { partsOf, type Tool } from "../model/project.ts";
import { type StatusText, statusText } from "../model/tool_rows.ts";
import { placeOfFile, toolsIn } from "./place.ts";
import { setting } from "./settings.ts";
import type { Workspace } from "./workspace.ts";

const START_DAEMON: vscode.Command = {
  command: "haft.daemon.start",
  title: "Start the Daemon",
};

/** The version of the active file's runtime, as the file's own directory has it. */
export class StatusBar implements vscode.Disposable {
  readonly #workspace: Workspace;
  readonly #item: vscode.StatusBarItem;
  readonly #disposables: vscode.Disposable[];
  #asked = 0;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
    this.#item = vscode.window.createStatusBarItem("haft.runtime", vscode.StatusBarAlignment.Right, 100);
    this.#item.name = "haft";
    const update = () => void this.#update();
    this.#disposables = [
      this.#item,
      vscode.window.onDidChangeActiveTextEditor(update),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration("haft.statusBar")) update();
      }),
      workspace.onDidChangeState(update),
      workspace.onDidChange(({ part }) => {
        if (part === "tools") update();
      }),
      // Below a folder another haft.toml may have changed, of which the folder's own tools say nothing.
      workspace.onEvent((event) => {
        const uri = vscode.window.activeTextEditor?.document.uri;
        const place = uri === undefined ? undefined : placeOfFile(workspace, uri);
        if (place === undefined || place.cwd === place.project.root) return;
        if (partsOf(event, place.cwd).includes("tools")) update();
      }),
    ];
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  async #update(): Promise<void> {
    const asked = ++this.#asked;
    const document = vscode.window.activeTextEditor?.document;
    const tools = await this.#toolsFor(document?.uri);
    // An answer that was overtaken says nothing any more.
    if (asked !== this.#asked) return;
    const status = statusText(tools, document?.languageId);
    const { noDaemon } = this.#workspace;
    if (
      !setting("statusBar") || (status === undefined && noDaemon === undefined)
    ) {
      return this.#item.hide();
    }
    const isWarning = noDaemon !== undefined || status?.isWarning === true;
    this.#item.text = noDaemon === undefined ? status?.text ?? "" : "$(debug-disconnect) haft: no daemon";
    this.#item.tooltip = noDaemon === undefined
      ? status?.tooltip ?? ""
      : `${noDaemon.label}: ${noDaemon.description}`;
    this.#item.command = noDaemon === undefined ? pickCommand(document?.uri, status) : START_DAEMON;
    this.#item.backgroundColor = isWarning
      ? new vscode.ThemeColor("statusBarItem.warningBackground")
      : undefined;
    this.#item.show();
  }

  async #toolsFor(uri: vscode.Uri | undefined): Promise<readonly Tool[]> {
    const place = uri === undefined ? undefined : placeOfFile(this.#workspace, uri);
    if (place === undefined) {
      return this.#workspace.projects[0]?.state.tools ?? [];
    }
    return await toolsIn(this.#workspace, place).catch(() => place.project.state.tools);
  }
}

/** Chooses a version of the tool that is shown, else asks of which. */
function pickCommand(uri: vscode.Uri | undefined, status: StatusText | undefined): vscode.Command {
  const tool = uri === undefined ? undefined : status?.tool;
  return {
    command: "haft.pickVersion",
    title: "Choose a Version",
    ...(tool === undefined ? {} : { arguments: [{ uri, name: tool }] }),
  };
}
