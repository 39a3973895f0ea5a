import type { Clock } from "../process/clock.ts";
import type { ExitWatch } from "../process/exit_watch.ts";
import type { ProcessTable } from "../process/process_table.ts";
import type { Spawner, SpawnSpec } from "../process/spawner.ts";
import type { AppEventDetails, AppEventName } from "../protocol/app_events.ts";
import type { AppCommand, AppConfig } from "./config/app_schema.ts";
import type { PortPool } from "./port_pool.ts";
import type { SplitLine } from "./logs/line_splitter.ts";
import type { InstanceLogs } from "./logs/instance_logs.ts";
import type { LogStream } from "./logs/log_files.ts";
import type { LogTargets } from "./logs/log_copier.ts";
import type { ProjectApps } from "./project_apps.ts";

/** What one start needs to know; made anew for each. */
export interface LaunchPlan {
  config: AppConfig;
  /** The `[apps.NAME]` as it is written. */
  written: unknown;
  /** The words that run another command of the app: a check, a hook. */
  words(command: AppCommand): readonly string[];
  /** The files that its output is copied to. */
  logs: LogTargets;
  /** What it finds in `PORT`, where haft says so. */
  port: number | undefined;
  /** Without what marks the process. */
  spec: Omit<SpawnSpec, "stdout" | "stderr">;
}

/** What an instance needs of its surroundings. */
export interface InstanceHost {
  readonly table: ProcessTable;
  readonly clock: Clock;
  readonly spawner: Spawner;
  readonly exits: ExitWatch;
  readonly ports: PortPool;
  /** 0 to 1. */
  random(): number;
  /** `<file stem>/<instance>`, the beginning of what marks its processes. */
  readonly markerPrefix: string;
  /** The journal's directory: which daemon's the processes are. */
  readonly owner: string;
  /**
   * Configuration and environment as they are now.
   *
   * @param project as {@link dependencies} has it @throws {HaftError}
   */
  plan(project?: ProjectApps): Promise<LaunchPlan>;
  /** A plan is about to be carried out. @returns what differs from the start before */
  noteStart(plan: LaunchPlan): string[];
  /**
   * Waits for the apps that this one depends on.
   *
   * @returns the project as the request has just read it that this start is part of; undefined when it may
   * have changed since
   * @throws {HaftError} when one of them cannot come up
   */
  dependencies(signal: AbortSignal, onWait: (reason: string) => void): Promise<ProjectApps | undefined>;
  logs(listener: (stream: LogStream, line: SplitLine) => void): InstanceLogs;
  emit<Name extends AppEventName>(type: Name, data: AppEventDetails[Name]): void;
  /** Something of the instance's record changed: keep it soon. */
  changed(): void;
  /** Keeps the record before it returns. */
  commit(): void;
  /** Watches limits and files while it runs. The result is disposed when it ends. */
  watch(config: AppConfig): Disposable;
  /** It used up its attempts, and its manifest says to forget it then. */
  remove(): void;
}
