import { join } from "node:path";
import { type Clock, systemClock } from "../process/clock.ts";
import { ExitWatch } from "../process/exit_watch.ts";
import { hostProcessTable } from "../process/host_process_table.ts";
import type { ProcessKey } from "../process/process_key.ts";
import type { ProcessTable } from "../process/process_table.ts";
import { type Spawner, systemSpawner } from "../process/spawner.ts";
import { UsageSampler } from "../process/usage_sampler.ts";
import { runtime } from "../runtime/mod.ts";
import type { EmitAppEvent } from "../protocol/app_events.ts";
import type { ProjectCache } from "../tools/project/project_cache.ts";
import { Journal } from "./journal/journal.ts";
import { LimitWatch } from "./limit_watch.ts";
import { LogPump } from "./logs/log_pump.ts";
import { OwnLogFiles } from "./logs/own_log_files.ts";
import { PortPool } from "./port_pool.ts";
import { type ProjectApps, projectReader } from "./project_apps.ts";

export interface AppServiceOptions {
  /** haft's state directory: the journal is in `apps/`, logs are in `apps/logs/`. */
  stateDirectory: string;
  emit: EmitAppEvent;
  projects: ProjectCache;
  /** For the daemon's log. */
  onProblem: (text: string) => void;
  /** Seams for tests. */
  table?: ProcessTable;
  spawner?: Spawner;
  clock?: Clock;
  random?: () => number;
}

/** What all apps share. */
export interface AppServices {
  readonly table: ProcessTable;
  readonly clock: Clock;
  readonly spawner: Spawner;
  readonly exits: ExitWatch;
  readonly journal: Journal;
  readonly pump: LogPump;
  readonly sampler: UsageSampler;
  readonly limits: LimitWatch;
  readonly logDirectory: string;
  /** Logs where people want them. */
  readonly logFiles: OwnLogFiles;
  readonly ports: PortPool;
  /** Where commands that begin with `#!` become files. */
  readonly scriptDirectory: string;
  readonly emit: EmitAppEvent;
  random(): number;
  /** A line for the daemon's log: something went wrong that is neither an app's fault nor a caller's. */
  onProblem(text: string): void;
  readProject(root: string): ProjectApps;
  /**
   * Resolves when the apps that this one depends on are as it wants them.
   *
   * @param project as it was just read
   * @returns the same, when there was nothing to wait for
   */
  awaitDependencies(
    app: ProcessKey,
    project: ProjectApps | undefined,
    signal: AbortSignal,
    onWait: (reason: string) => void,
  ): Promise<ProjectApps | undefined>;
  remove(app: ProcessKey): Promise<void>;
}

/** @param hooks what an app asks of the others */
export function makeAppServices(
  options: AppServiceOptions,
  hooks: Pick<AppServices, "awaitDependencies" | "remove">,
): AppServices {
  const { stateDirectory, emit, projects, onProblem } = options;
  const clock = options.clock ?? systemClock;
  const table = options.table ?? hostProcessTable();
  const directory = join(stateDirectory, "apps");
  const logDirectory = join(directory, "logs");
  const sampler = new UsageSampler({ table, clock });
  return {
    ...hooks,
    table,
    clock,
    emit,
    onProblem,
    sampler,
    logDirectory,
    logFiles: new OwnLogFiles(),
    ports: new PortPool(),
    scriptDirectory: join(directory, "scripts"),
    spawner: options.spawner ?? systemSpawner(table),
    random: options.random ?? Math.random,
    exits: new ExitWatch({
      table,
      clock,
      // A table that a test made up has processes of its own.
      watch: options.table === undefined ? runtime.watchProcess : undefined,
    }),
    journal: new Journal(directory),
    pump: new LogPump(logDirectory, clock),
    limits: new LimitWatch({ sampler, clock }),
    readProject: projectReader(projects),
  };
}
