import * as vscode from "vscode";
import { failureText } from "../model/failure.ts";
import type { Project, Tool } from "../model/project.ts";
import { type Newer, toolRow } from "../model/tool_rows.ts";
import { type ProjectRow, ProjectTree, type TreeElement } from "./project_tree.ts";
import type { Workspace } from "./workspace.ts";

type Row = { kind: "problem"; text: string } | { kind: "trust" } | { kind: "tool"; tool: Tool };
export type ToolElement = ProjectRow<Row>;

const ICONS = {
  installed: new vscode.ThemeIcon("check", new vscode.ThemeColor("testing.iconPassed")),
  missing: new vscode.ThemeIcon("cloud-download", new vscode.ThemeColor("list.warningForeground")),
  outdated: new vscode.ThemeIcon("arrow-circle-up", new vscode.ThemeColor("list.warningForeground")),
  skipped: new vscode.ThemeIcon("circle-slash"),
};

/** The tools of every folder's project, and above them whether it is trusted. */
export class ToolsView implements vscode.Disposable {
  readonly #tree: ProjectTree<Row>;
  readonly #view: vscode.TreeView<TreeElement<Row>>;
  readonly #newer = new Map<string, readonly Newer[]>();

  constructor(workspace: Workspace) {
    this.#tree = new ProjectTree<Row>(workspace, {
      parts: ["tools", "trust"],
      rows: (
        { state: { tools, trust }, failures },
      ) => [
        ...[failures.get("tools") ?? failures.get("trust")].filter((error) => error !== undefined).map((
          error,
        ) => ({ kind: "problem" as const, text: failureText(error) })),
        ...(trust === undefined || trust.trusted ? [] : [{ kind: "trust" as const }]),
        ...tools.map((tool) => ({ kind: "tool" as const, tool })),
      ],
      item: (row, project) => {
        if (row.kind === "tool") return this.#toolItem(row.tool, project);
        return row.kind === "trust" ? trustItem(project) : problemItem(row.text, project);
      },
    });
    this.#view = vscode.window.createTreeView("haft.tools", { treeDataProvider: this.#tree });
    workspace.onDidChange(({ part }) => {
      if (part === "tools") this.#badge(workspace.projects);
    });
  }

  /** What `haft outdated` said of a project. */
  showNewer(project: Project, newer: readonly Newer[]): void {
    this.#newer.set(project.root, newer);
    this.#tree.refresh();
  }

  dispose(): void {
    this.#view.dispose();
  }

  #badge(projects: readonly Project[]): void {
    const missing = projects.flatMap(({ state }) => state.tools).filter(({ installed }) => !installed).length;
    this.#view.badge = missing === 0
      ? undefined
      : { value: missing, tooltip: `${missing} tools are not installed` };
  }

  #toolItem(tool: Tool, project: Project): vscode.TreeItem {
    const newer = this.#newer.get(project.root)?.find(({ tool: name }) => name === tool.runtime);
    const { name, state, description, tooltip } = toolRow(tool, newer);
    const item = new vscode.TreeItem(name);
    item.description = description;
    item.tooltip = tooltip;
    item.iconPath = ICONS[state];
    item.contextValue = `tool.${state}`;
    item.accessibilityInformation = { label: `${name} ${description}` };
    return item;
  }
}

function trustItem(project: Project): vscode.TreeItem {
  const { trust } = project.state;
  const item = new vscode.TreeItem("Not trusted by haft");
  const count = trust?.lines.length ?? 0;
  item.description = `${count} ${count === 1 ? "thing" : "things"} can run code`;
  item.tooltip = new vscode.MarkdownString().appendCodeblock(
    trust?.lines.join("\n") ?? "",
  );
  item.iconPath = new vscode.ThemeIcon(
    "shield",
    new vscode.ThemeColor("list.warningForeground"),
  );
  item.command = {
    command: "haft.trust",
    title: "Look at It",
    ...argumentsFor(project),
  };
  item.contextValue = "trust";
  return item;
}

function problemItem(text: string, project: Project): vscode.TreeItem {
  const item = new vscode.TreeItem("haft.toml cannot be used");
  item.description = text;
  item.tooltip = text;
  item.iconPath = new vscode.ThemeIcon(
    "error",
    new vscode.ThemeColor("list.errorForeground"),
  );
  item.command = {
    command: "haft.openManifest",
    title: "Open haft.toml",
    ...argumentsFor(project),
  };
  return item;
}

/**
 * VS Code forgets a command's arguments as soon as the tree is made anew, and a click then does nothing; so
 * there are none where the window has one project.
 */
function argumentsFor(project: Project): Pick<vscode.Command, "arguments"> {
  const isOnly = (vscode.workspace.workspaceFolders?.length ?? 0) <= 1;
  return isOnly ? {} : { arguments: [{ project }] };
}
