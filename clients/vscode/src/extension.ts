import "./node20.ts";
import type * as vscode from "vscode";
import { type Api, makeApi } from "./view/api.ts";
import { registerApps } from "./view/apps_view.ts";
import { registerDaemonCommands } from "./view/daemon_commands.ts";
import { Diagnostics } from "./view/diagnostics.ts";
import { registerManifestLanguage } from "./view/manifest_language.ts";
import { registerTools } from "./view/register_tools.ts";
import { registerTasks } from "./view/tasks_view.ts";
import { registerTomlLanguage } from "./view/toml_language.ts";
import { Workspace } from "./view/workspace.ts";

/**
 * Registers everything before anything is read or asked, so that no command is ever "not found"; the
 * connection is made in the background.
 */
export function activate(context: vscode.ExtensionContext): Api {
  const begun = performance.now();
  const { version } = context.extension.packageJSON;
  const workspace = new Workspace(String(version));
  context.subscriptions.push(
    workspace,
    registerDaemonCommands(workspace),
    registerTools(workspace, context),
    registerApps(workspace),
    registerTasks(workspace),
    registerManifestLanguage(workspace, context),
    registerTomlLanguage(),
    new Diagnostics(workspace),
  );
  workspace.begin();
  workspace.log.info(`Activated in ${(performance.now() - begun).toFixed(1)} ms`);
  return makeApi(workspace);
}

/** What it holds, {@link vscode.ExtensionContext.subscriptions} disposes of. */
export function deactivate(): void {}
