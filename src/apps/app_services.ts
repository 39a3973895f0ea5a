import type { ProcessKey } from "../process/process_key.ts";
import type { Clock } from "../process/clock.ts";
import type { Journal } from "./journal/journal.ts";
import type { LogPump } from "./logs/log_pump.ts";
import type { ExitPoll } from "../process/exit_poll.ts";
import type { LimitWatch } from "./limit_watch.ts";
import type { ProcessTable } from "../process/process_table.ts";
import type { Spawner } from "../process/spawner.ts";
import type { UsageSampler } from "../process/usage_sampler.ts";
import type { EmitAppEvent } from "../protocol/app_events.ts";
import type { ProjectApps } from "./project_apps.ts";

/** What all apps share. */
export interface AppServices {
  readonly table: ProcessTable;
  readonly clock: Clock;
  readonly spawner: Spawner;
  readonly exits: ExitPoll;
  readonly journal: Journal;
  readonly pump: LogPump;
  readonly sampler: UsageSampler;
  readonly limits: LimitWatch;
  readonly logDirectory: string;
  readonly emit: EmitAppEvent;
  random(): number;
  /** Something went wrong that is no app's fault and no caller's: a line for the daemon's log. */
  onProblem(text: string): void;
  readProject(root: string): ProjectApps;
  /** Resolves when the apps that this one depends on are as it wants them. */
  awaitDependencies(
    app: ProcessKey,
    options: { signal: AbortSignal; onWait: (reason: string) => void },
  ): Promise<void>;
  remove(app: ProcessKey): Promise<void>;
}
