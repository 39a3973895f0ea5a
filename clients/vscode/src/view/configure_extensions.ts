import { existsSync } from "node:fs";
import process from "node:process";
import * as vscode from "vscode";
import { type OtherSetting, otherSettings } from "../model/other_extensions.ts";
import type { Project } from "../model/project.ts";
import type { Workspace } from "./workspace.ts";

/** Shows which settings of other extensions could name the project's tools, and writes the chosen ones. */
export async function configureExtensions(workspace: Workspace): Promise<void> {
  const project = await workspace.pickProject();
  if (project === undefined) throw new Error("Open a folder first");
  const offers = offersFor(workspace, project);
  if (offers.length === 0) {
    await vscode.window.showInformationMessage(
      "No installed extension has a setting for this project's tools that is not set already",
    );
    return;
  }
  const picked = await vscode.window.showQuickPick(
    offers.map((offer) => ({
      label: offer.setting,
      description: offer.value,
      detail: offer.extension,
      offer,
    })),
    {
      title: "haft: Settings of Other Extensions",
      placeHolder: "Chosen ones are written to this folder's .vscode/settings.json",
      canPickMany: true,
    },
  );
  const folder = workspace.folderOf(project);
  for (const { offer } of picked ?? []) {
    await vscode.workspace.getConfiguration(undefined, folder).update(
      offer.setting,
      offer.value,
      vscode.ConfigurationTarget.WorkspaceFolder,
    );
  }
}

function offersFor(workspace: Workspace, project: Project): OtherSetting[] {
  const settings = vscode.workspace.getConfiguration(undefined, workspace.folderOf(project));
  return otherSettings(project.state.tools, {
    hasExtension: (id) => vscode.extensions.getExtension(id) !== undefined,
    exists: existsSync,
    platform: process.platform,
    current: (name) => settings.get(name),
  });
}
