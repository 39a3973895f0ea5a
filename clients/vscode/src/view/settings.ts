import * as vscode from "vscode";

interface Settings {
  "path": string;
  "socket": string;
  "daemon.autoStart": boolean;
  "terminal.environment": boolean;
  "otherExtensions.environment": boolean;
  "otherExtensions.offerRestart": boolean;
  "otherExtensions.offerSettings": boolean;
  "notifyMissingTools": boolean;
  "statusBar": boolean;
  "codeLens": boolean;
  "trace": boolean;
}

/** A setting; its default stands in package.json alone. */
export function setting<K extends keyof Settings>(name: K, scope?: vscode.ConfigurationScope): Settings[K] {
  const value = vscode.workspace.getConfiguration("haft", scope).get<Settings[K]>(name);
  if (value === undefined) {
    throw new Error(`package.json declares no setting "haft.${name}"`);
  }
  return value;
}
