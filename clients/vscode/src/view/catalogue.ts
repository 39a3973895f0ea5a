import { homedir } from "node:os";
import type { Workspace } from "./workspace.ts";

export interface CatalogueRow {
  name: string;
  description: string;
}

const known = new Map<string, Promise<CatalogueRow[]>>();

/** The tools that a project can ask for by name; haft is asked once for each project. */
export function catalogueOf(workspace: Workspace, cwd: string): Promise<CatalogueRow[]> {
  const rows = known.get(cwd) ?? read(workspace, cwd);
  known.set(cwd, rows);
  rows.catch(() => known.delete(cwd));
  return rows;
}

async function read(workspace: Workspace, cwd: string): Promise<CatalogueRow[]> {
  const args = ["ls", "--available", "--json"];
  // A haft.toml that cannot be read has no tools of its own to add.
  const text = await workspace.run(args, { cwd }).catch(() => workspace.run(args, { cwd: homedir() }));
  const listed: unknown = JSON.parse(text);
  return Array.isArray(listed) ? listed.filter(isRow) : [];
}

function isRow(row: unknown): row is CatalogueRow {
  return typeof row === "object" && row !== null && "name" in row && typeof row.name === "string" &&
    "description" in row && typeof row.description === "string";
}
