import type { Paths } from "../../base/paths.ts";
import { writeExecCache } from "./exec_cache.ts";
import { decidingFiles, type OpenProject } from "./open_project.ts";
import type { RunPlan } from "./run_plan.ts";

/** Keeps how a name is run in a directory for the next `haft exec`, when nothing but files decided it. */
export function rememberRun(
  name: string,
  { plan, open }: { plan: RunPlan; open: OpenProject },
  { cwd, paths, version }: { cwd: string; paths: Paths; version: string },
): void {
  // Variables of the project need trust, and a script a runtime that may be on PATH: both are looked at each time.
  if (Object.keys(plan.env).length > 0 || plan.file !== plan.found.path) return;
  const { file, path, defaults } = plan;
  writeExecCache(paths.exec, { cwd, name, version }, {
    command: { file, path, defaults },
    files: [...decidingFiles(open, paths), file],
  });
}
