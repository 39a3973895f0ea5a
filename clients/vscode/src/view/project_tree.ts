import * as vscode from "vscode";
import type { Part, Project } from "../model/project.ts";
import type { Workspace } from "./workspace.ts";

/** A row of a tree, and the project that it is of. */
export interface ProjectRow<Row> {
  project: Project;
  /** Undefined for the folder itself, which stands above its rows where a window has several. */
  row: Row | undefined;
}

/** Stands above all rows while no daemon tells how they are. */
const NO_DAEMON = "no daemon";
export type TreeElement<Row> = ProjectRow<Row> | typeof NO_DAEMON;

export interface TreeContent<Row> {
  parts: readonly Part[];
  rows(project: Project): readonly Row[];
  item(row: Row, project: Project): vscode.TreeItem;
  /** Fills in what is looked at only when the mouse rests on the row. */
  tooltip?(row: Row, project: Project): Promise<vscode.MarkdownString | undefined>;
}

const TOGETHER_MS = 10;

/** A tree of what every folder's project has; it changes when the daemon says so. */
export class ProjectTree<Row> implements vscode.TreeDataProvider<TreeElement<Row>> {
  readonly #workspace: Workspace;
  readonly #content: TreeContent<Row>;
  readonly #changed = new vscode.EventEmitter<TreeElement<Row> | undefined>();
  #due: ReturnType<typeof setTimeout> | undefined;
  readonly onDidChangeTreeData: vscode.Event<TreeElement<Row> | undefined> = this.#changed.event;

  constructor(workspace: Workspace, content: TreeContent<Row>) {
    this.#workspace = workspace;
    this.#content = content;
    workspace.onDidChange(({ part }) => {
      if (content.parts.includes(part)) this.refresh();
    });
    workspace.onDidChangeState(() => this.refresh());
  }

  /** Changes that come together are drawn once, and after the status bar, which is one line. */
  refresh(): void {
    this.#due ??= setTimeout(() => {
      this.#due = undefined;
      this.#changed.fire(undefined);
    }, TOGETHER_MS);
  }

  getChildren(above?: TreeElement<Row>): TreeElement<Row>[] {
    if (above === NO_DAEMON) return [];
    if (above === undefined && this.#workspace.noDaemon !== undefined) {
      return [NO_DAEMON, ...this.#topRows()];
    }
    if (above?.row !== undefined) return [];
    return above === undefined ? this.#topRows() : this.#rowsOf(above.project);
  }

  #topRows(): ProjectRow<Row>[] {
    const { projects } = this.#workspace;
    const filled = projects.filter((project) => this.#content.rows(project).length > 0);
    if (projects.length > 1) {
      return filled.map((project) => ({ project, row: undefined }));
    }
    return filled.flatMap((project) => this.#rowsOf(project));
  }

  getTreeItem(element: TreeElement<Row>): vscode.TreeItem {
    if (element === NO_DAEMON) return noDaemonItem(this.#workspace);
    const { row, project } = element;
    if (row !== undefined) return this.#content.item(row, project);
    const name = this.#workspace.folderOf(project)?.name ?? project.root;
    const item = new vscode.TreeItem(name, vscode.TreeItemCollapsibleState.Expanded);
    item.iconPath = vscode.ThemeIcon.Folder;
    return item;
  }

  async resolveTreeItem(item: vscode.TreeItem, element: TreeElement<Row>): Promise<vscode.TreeItem> {
    if (element !== NO_DAEMON && element.row !== undefined) {
      item.tooltip = await this.#content.tooltip?.(element.row, element.project) ??
        item.tooltip;
    }
    return item;
  }

  #rowsOf(project: Project): ProjectRow<Row>[] {
    return this.#content.rows(project).map((row) => ({ project, row }));
  }
}

function noDaemonItem({ noDaemon }: Workspace): vscode.TreeItem {
  const item = new vscode.TreeItem(noDaemon?.label ?? "");
  item.description = noDaemon?.description ?? "";
  item.tooltip = item.description;
  item.iconPath = new vscode.ThemeIcon("debug-disconnect", new vscode.ThemeColor("list.warningForeground"));
  item.command = { command: "haft.daemon.start", title: "Start the Daemon" };
  return item;
}
