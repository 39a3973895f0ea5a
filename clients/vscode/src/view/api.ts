import * as vscode from "vscode";
import type { Result } from "../../../../src/client/mod.ts";
import type { Workspace } from "./workspace.ts";

/** What other extensions get: `vscode.extensions.getExtension("haft.haft")?.exports.api`. */
export interface Api {
  api: {
    /** What a tool's name runs in a folder: executable, arguments before its own, version, environment. */
    resolve(tool: string, folder: vscode.Uri): Promise<Result<"runtime.resolve">>;
    /** Directories in front of PATH, and variables. */
    env(folder: vscode.Uri): Promise<Result<"runtime.environment">>;
    /** The folder's tools or environment changed. */
    onDidChange: vscode.Event<vscode.Uri>;
  };
}

export function makeApi(workspace: Workspace): Api {
  const changed = new vscode.EventEmitter<vscode.Uri>();
  workspace.onDidChange(({ project, part }) => {
    if (part === "tools" || part === "environment") {
      changed.fire(vscode.Uri.file(project.root));
    }
  });
  return {
    api: {
      resolve: (runtime, { fsPath: cwd }) => workspace.link.request("runtime.resolve", { runtime, cwd }),
      env: ({ fsPath: cwd }) => workspace.link.request("runtime.environment", { cwd }),
      onDidChange: changed.event,
    },
  };
}
