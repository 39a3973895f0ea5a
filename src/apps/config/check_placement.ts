import type { ManifestProblem } from "../../tools/manifest/manifest_problem.ts";
import type { AppConfig } from "./app_schema.ts";

/** What is wrong with an app that hosts of the fleet run, and with what needs it. */
export function placementProblems(
  name: string,
  config: AppConfig,
  apps: ReadonlyMap<string, AppConfig>,
): ManifestProblem[] {
  const { hosts, schedule, depends_on: dependsOn } = config;
  const problems: ManifestProblem[] = [];
  for (const key of ["replicas", "on_lost"] as const) {
    if (config[key] === undefined || hosts !== undefined) continue;
    problems.push({
      keys: ["apps", name, key],
      message: `key "apps.${name}.${key}" is for an app with hosts`,
      next: 'Say which hosts of the fleet run it, such as hosts = "role=web", or take the key away',
    });
  }
  if (hosts !== undefined && schedule !== undefined) {
    problems.push({
      keys: ["apps", name, "schedule"],
      message: `app "${name}" has hosts, and a schedule is kept by one machine alone`,
      next: 'Take one of the two away; "haft task start --on" runs a task on a host of the fleet',
    });
  }
  for (const other of Object.keys(dependsOn)) {
    if (apps.get(other)?.hosts === undefined) continue;
    problems.push({
      keys: ["apps", name, "depends_on", other],
      message: `key "apps.${name}.depends_on.${other}" names an app that hosts of the fleet run`,
      next: "Take it away: where that app runs, and when, is the fleet's to say",
    });
  }
  return problems;
}
