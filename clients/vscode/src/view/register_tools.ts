import * as vscode from "vscode";
import type { Project } from "../model/project.ts";
import type { Newer } from "../model/tool_rows.ts";
import { command } from "./commands.ts";
import { registerDebugEnvironment } from "./debug_environment.ts";
import { ProjectEnvironment } from "./environment.ts";
import { installWithProgress, MissingToolsOffer } from "./install.ts";
import { OtherExtensions } from "./other_extensions.ts";
import { addTool, pickVersion } from "./pick_version.ts";
import { type InManifest, manifestOf, placeOf, type PlaceSource } from "./place.ts";
import { StatusBar } from "./status_bar.ts";
import { type ToolElement, ToolsView } from "./tools_view.ts";
import { askTrust } from "./trust.ts";
import type { Workspace } from "./workspace.ts";

/** The Tools view, the status bar, the environment, and the commands that change what is installed. */
export function registerTools(workspace: Workspace, context: vscode.ExtensionContext): vscode.Disposable {
  // Both hear of a change in this order.
  const status = new StatusBar(workspace);
  const view = new ToolsView(workspace);
  const others = new OtherExtensions(workspace, context.workspaceState);
  return vscode.Disposable.from(
    view,
    status,
    new ProjectEnvironment(workspace, context),
    registerDebugEnvironment(workspace),
    new MissingToolsOffer(workspace, context.workspaceState),
    others,
    command(
      workspace,
      "haft.pickVersion",
      (source?: ToolElement | InManifest) => pickVersion(workspace, source),
    ),
    command(workspace, "haft.addTool", () => addTool(workspace)),
    command(workspace, "haft.installMissing", async (source?: PlaceSource) => {
      const { cwd } = await placeOf(workspace, source);
      await installWithProgress(workspace, cwd);
    }),
    command(workspace, "haft.checkNewer", async (source?: PlaceSource) => {
      const { project } = await placeOf(workspace, source);
      const location = { viewId: "haft.tools" };
      const told = await vscode.window.withProgress(
        { location },
        () => workspace.run(["outdated", "--json"], { cwd: project.root }),
      );
      const newer: Newer[] = JSON.parse(told);
      view.showNewer(project, newer);
    }),
    command(workspace, "haft.refresh", () => workspace.refresh()),
    command(workspace, "haft.trust", (source?: PlaceSource) => askTrust(workspace, source)),
    command(workspace, "haft.configureExtensions", () => others.configure()),
    command(
      workspace,
      "haft.openManifest",
      async (element?: { project: Project } & Partial<ToolElement>) => {
        const decided = element?.row?.kind === "tool" ? element.row.tool.decided_by : null;
        const path = decided ?? manifestOf(await placeOf(workspace, element));
        await vscode.window.showTextDocument(vscode.Uri.file(path));
      },
    ),
  );
}
