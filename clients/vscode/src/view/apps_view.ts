import * as vscode from "vscode";
import { appFacts, appRow, portsOf } from "../model/app_rows.ts";
import { portIn } from "../model/port_in.ts";
import type { App } from "../model/project.ts";
import { AppLogs } from "./app_logs.ts";
import { command } from "./commands.ts";
import { type InManifest, isInManifest, placeOf } from "./place.ts";
import { type ProjectRow, ProjectTree } from "./project_tree.ts";
import { requireTrust } from "./trust.ts";
import type { Workspace } from "./workspace.ts";

type AppSource = ProjectRow<App> | InManifest | undefined;

/** Lines in which an app may have said its port. */
const LINES_SEARCHED = 500;

/** The apps of every folder's project, what can be done with them, and their logs. */
export function registerApps(workspace: Workspace): vscode.Disposable {
  const tree = new ProjectTree<App>(workspace, {
    parts: ["apps"],
    rows: ({ state }) => state.apps,
    item: (app) => appItem(app, { known: workspace.noDaemon === undefined }),
    // Figures are looked at when the mouse rests on an app, so that nothing has to be polled. A mouse starts
    // no daemon.
    tooltip: async (app) => {
      if (workspace.noDaemon !== undefined) return undefined;
      const { apps: [now = app] } = await workspace.link.ask("app.status", {
        root: app.root,
        names: [app.name],
        ports: true,
      });
      return new vscode.MarkdownString().appendCodeblock(appFacts(now), "sh");
    },
  });
  const logs = new AppLogs(workspace);
  const act = (method: "app.start" | "app.stop" | "app.restart") => async (source?: AppSource) => {
    const app = await chosenApp(workspace, source);
    if (method !== "app.stop" && !app.adhoc) {
      await requireTrust(workspace, app.root);
    }
    const { outcomes } = await workspace.link.request(method, {
      root: app.root,
      names: [app.name],
    });
    const failed = outcomes.filter(({ error }) => error !== null);
    if (failed.length > 0) {
      throw new Error(
        failed.map(({ name, error }) => `${name}: ${error}`).join("\n"),
      );
    }
  };
  return vscode.Disposable.from(
    vscode.window.createTreeView("haft.apps", { treeDataProvider: tree }),
    logs,
    command(workspace, "haft.app.start", act("app.start")),
    command(workspace, "haft.app.stop", act("app.stop")),
    command(workspace, "haft.app.restart", act("app.restart")),
    command(workspace, "haft.app.logs", async (source?: AppSource) => {
      logs.show(await chosenApp(workspace, source));
    }),
    command(workspace, "haft.app.open", async (source?: AppSource) => {
      await openInBrowser(workspace, await chosenApp(workspace, source));
    }),
  );
}

function appItem(app: App, { known }: { known: boolean }): vscode.TreeItem {
  const { label, description, icon, color, context } = appRow(app, { known });
  const item = new vscode.TreeItem(label);
  item.description = description;
  item.iconPath = new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));
  item.contextValue = context;
  item.accessibilityInformation = { label: `${label} ${description}` };
  return item;
}

async function chosenApp(
  workspace: Workspace,
  source: AppSource,
): Promise<App> {
  if (isInManifest(source)) return await appInManifest(workspace, source);
  if (source?.row !== undefined) return source.row;
  const items = workspace.projects.flatMap((project) =>
    project.state.apps.map((app) => ({
      label: app.name,
      description: [
        workspace.nameAmongSeveral(project),
        workspace.noDaemon === undefined ? app.state : "unknown",
      ].filter((text) => text !== undefined).join(", "),
      app,
    }))
  );
  if (items.length === 0) {
    throw new Error("No haft.toml of this window has apps");
  }
  const picked = await vscode.window.showQuickPick(items, {
    title: "haft: Which App?",
  });
  if (picked === undefined) throw new vscode.CancellationError();
  return picked.app;
}

/** The file may be of a directory below the folder, or have an app that was not saved yet. */
async function appInManifest(
  workspace: Workspace,
  source: InManifest,
): Promise<App> {
  const { cwd } = await placeOf(workspace, source);
  const { apps } = await workspace.link.request("app.status", { cwd });
  const app = apps.find(({ name }) => name === source.name);
  if (app === undefined) {
    throw new Error(
      `haft finds no app "${source.name}" in "${cwd}". Is haft.toml saved?`,
    );
  }
  return app;
}

/** Where the workspace is on another machine, VS Code forwards the port. */
async function openInBrowser(workspace: Workspace, { name, root }: App): Promise<void> {
  const { apps: [now] } = await workspace.link.request("app.status", { root, names: [name], ports: true });
  const [listening] = now === undefined ? [] : portsOf(now);
  const { lines } = await workspace.link.request("app.logs", { root, names: [name], lines: LINES_SEARCHED });
  const said = listening ?? portIn(lines.map(({ line }) => line));
  const port = said ??
    await vscode.window.showInputBox({
      title: `haft: ${name}`,
      prompt: "Its log names no port. Which one does it listen on?",
      validateInput: (text) => /^\d{2,5}$/.test(text) ? undefined : "A port's number",
    });
  if (port === undefined) return;
  await vscode.env.openExternal(vscode.Uri.parse(`http://localhost:${port}/`));
}
