import { listeningPorts } from "../process/listening_ports.ts";
import type { ProcessTable } from "../process/process_table.ts";
import type { UsageSampler } from "../process/usage_sampler.ts";
import type { AppStatus } from "../protocol/methods/app_methods.ts";
import type { App } from "./app.ts";
import type { AppRegistry } from "./app_registry.ts";
import type { ProjectApps } from "./project_apps.ts";
import type { Schedules } from "./schedules.ts";

export interface StatusSources {
  registry: AppRegistry;
  schedules: Schedules;
  table: ProcessTable;
  sampler: UsageSampler;
}

/** How apps are: each project is read once, and the processes of all are measured in one look. */
export function appStatuses(
  apps: readonly App[],
  { registry, schedules, table, sampler }: StatusSources,
  { ports = false }: { ports?: boolean } = {},
): AppStatus[] {
  const projects = new Map<string, ProjectApps | undefined>();
  for (const { key } of apps) {
    if (!projects.has(key.root)) projects.set(key.root, registry.projectOf(key.root));
  }
  const leaders = apps.flatMap(({ instances }) => instances.flatMap(({ process }) => process ?? []));
  const measured = {
    usage: sampler.sample(leaders),
    ports: ports ? listeningPorts(table, leaders) : undefined,
  };
  return apps.map((app) =>
    app.status(projects.get(app.key.root), { nextRun: schedules.nextRun(app), measured })
  );
}
