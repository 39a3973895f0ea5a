import * as vscode from "vscode";
import type { Project } from "../model/project.ts";
import type { Newer } from "../model/tool_rows.ts";
import { command } from "./commands.ts";
import { configureExtensions } from "./configure_extensions.ts";
import { ProjectEnvironment } from "./environment.ts";
import { installWithProgress, MissingToolsOffer } from "./install.ts";
import { addTool, pickVersion } from "./pick_version.ts";
import { StatusBar } from "./status_bar.ts";
import { type ToolElement, ToolsView } from "./tools_view.ts";
import { askTrust } from "./trust.ts";
import type { Workspace } from "./workspace.ts";

/** The Tools view, the status bar, the environment, and the commands that change what is installed. */
export function registerTools(workspace: Workspace, context: vscode.ExtensionContext): vscode.Disposable {
  const view = new ToolsView(workspace);
  const chosenProject = async (element?: { project: Project }) => {
    const project = element?.project ?? await workspace.pickProject();
    if (project === undefined) throw new Error("Open a folder first");
    return project;
  };
  return vscode.Disposable.from(
    view,
    new StatusBar(workspace),
    new ProjectEnvironment(workspace, context),
    new MissingToolsOffer(workspace, context.workspaceState),
    command(workspace, "haft.pickVersion", (element?: ToolElement) => pickVersion(workspace, element)),
    command(workspace, "haft.addTool", () => addTool(workspace)),
    command(workspace, "haft.installMissing", async (element?: ToolElement) => {
      await installWithProgress(workspace, await chosenProject(element), { title: "haft" });
    }),
    command(workspace, "haft.checkNewer", async (element?: ToolElement) => {
      const project = await chosenProject(element);
      const location = { viewId: "haft.tools" };
      const told = await vscode.window.withProgress(
        { location },
        () => workspace.run(["outdated", "--json"], { cwd: project.root }),
      );
      const newer: Newer[] = JSON.parse(told);
      view.showNewer(project, newer);
    }),
    command(workspace, "haft.refresh", () => workspace.refresh()),
    command(workspace, "haft.trust", (element?: { project: Project }) => askTrust(workspace, element)),
    command(workspace, "haft.configureExtensions", () => configureExtensions(workspace)),
    command(workspace, "haft.openManifest", async (element?: ToolElement) => {
      const project = await chosenProject(element);
      const decided = element?.row?.kind === "tool" ? element.row.tool.decided_by : null;
      const uri = decided === null
        ? vscode.Uri.joinPath(vscode.Uri.file(project.root), "haft.toml")
        : vscode.Uri.file(decided);
      await vscode.window.showTextDocument(uri);
    }),
  );
}
