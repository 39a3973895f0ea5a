import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import * as vscode from "vscode";
import type { Project, Tool } from "../model/project.ts";
import type { Workspace } from "./workspace.ts";

/** A directory in which something is to be done. */
export interface Place {
  project: Project;
  /** The project's, or one below it, which may have a haft.toml of its own. */
  cwd: string;
}

/** What a lens stands above, or the status bar shows. */
export interface InManifest {
  uri: vscode.Uri;
  /** The task's, app's or tool's; undefined above `[tools]`. */
  name: string | undefined;
}

/** What commands about a project are called with: a row of a view, a lens, or nothing. */
export type PlaceSource = { project: Project } | InManifest | undefined;

export function isInManifest(value: unknown): value is InManifest {
  return typeof value === "object" && value !== null && "uri" in value;
}

/** The row's project, the lens's file, else the active file's directory; asks where that leaves several. */
export async function placeOf(
  workspace: Workspace,
  source: PlaceSource,
): Promise<Place> {
  if (source !== undefined && "project" in source) {
    return { project: source.project, cwd: source.project.root };
  }
  const uri = source?.uri ?? vscode.window.activeTextEditor?.document.uri;
  const known = uri === undefined ? undefined : placeOfFile(workspace, uri);
  if (known !== undefined) return known;
  const project = await workspace.pickProject();
  if (project === undefined) throw new Error("Open a folder first");
  return { project, cwd: project.root };
}

/** @returns undefined for a file that is in no folder of the window */
export function placeOfFile(
  workspace: Workspace,
  uri: vscode.Uri,
): Place | undefined {
  const folder = uri.scheme === "file" ? vscode.workspace.getWorkspaceFolder(uri) : undefined;
  const project = workspace.projects.find(({ root }) => root === folder?.uri.fsPath);
  return project === undefined ? undefined : { project, cwd: dirname(uri.fsPath) };
}

/** The haft.toml that a directory sees first, up to the folder's own. */
export function manifestOf({ project, cwd }: Place): string {
  const path = join(cwd, "haft.toml");
  const isOutermost = cwd === project.root || cwd === dirname(cwd);
  return isOutermost || existsSync(path) ? path : manifestOf({ project, cwd: dirname(cwd) });
}

/** The tools that a directory sees; the window knows those of its folders. */
export async function toolsIn(
  { link }: Workspace,
  { project, cwd }: Place,
): Promise<readonly Tool[]> {
  if (cwd === project.root) return project.state.tools;
  return (await link.ask("runtime.list", { cwd })).runtimes;
}
