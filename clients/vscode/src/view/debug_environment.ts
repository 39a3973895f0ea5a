import { delimiter } from "node:path";
import process from "node:process";
import * as vscode from "vscode";
import { withEnvironment } from "../model/debug_environment.ts";
import { setting } from "./settings.ts";
import type { Workspace } from "./workspace.ts";

/** Programs that are debugged get the environment of their folder's project. */
export function registerDebugEnvironment(workspace: Workspace): vscode.Disposable {
  return vscode.debug.registerDebugConfigurationProvider("*", {
    resolveDebugConfigurationWithSubstitutedVariables(folder, configuration) {
      const project = workspace.projects.find(({ root }) => root === folder?.uri.fsPath) ??
        workspace.projects[0];
      const environment = project?.state.environment;
      if (environment === undefined || !setting("terminal.environment", folder)) return configuration;
      return withEnvironment(configuration, environment, { delimiter, inherited: process.env });
    },
  });
}
