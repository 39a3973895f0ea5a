import { resolve } from "node:path";
import { showCommand } from "../process/command_line.ts";
import type { ProcessIdentity } from "../process/process_table.ts";
import type { Usage } from "../process/usage_sampler.ts";
import type { AppState, AppStatus } from "../protocol/methods/app_methods.ts";
import type { ProcessKey } from "../process/process_key.ts";
import type { AppInstance } from "./app_instance.ts";
import { type AppConfig, startsAtOnce } from "./config/app_schema.ts";
import { hasVariable } from "./config/expand_variables.ts";

/** What an app says of itself. */
export interface DescribedApp {
  name: string;
  key: ProcessKey;
  state: AppState;
  desired: "running" | "stopped";
  isAdhoc: boolean;
  instances: readonly AppInstance[];
}

export interface AppStatusFacts {
  /** What it runs with, or would; undefined when that is not known. */
  config: AppConfig | undefined;
  changed: string[];
  pending: string[];
  /** Milliseconds since 1970. */
  nextRun: number | undefined;
  measured: Measured;
}

/** What was found of running processes, by their leaders. */
export interface Measured {
  usage: ReadonlyMap<ProcessIdentity, Usage>;
  /** Undefined when no client asked, or the system does not say. */
  ports: ReadonlyMap<ProcessIdentity, number[]> | undefined;
}

/** One with variables is shown as it is written, since only the app's environment tells what they are. */
function shownDirectory(root: string, { cwd }: AppConfig): string {
  return hasVariable(cwd) || /^~(?=\/|$)/.test(cwd) ? cwd : resolve(root, cwd);
}

/** What events and answers say of an app. */
export function appStatus(
  app: DescribedApp,
  { config, changed, pending, nextRun, measured }: AppStatusFacts,
): AppStatus {
  return {
    name: app.name,
    root: app.key.root,
    state: app.state,
    desired: app.desired,
    command: config === undefined ? [] : showCommand(config.command, config.args),
    cwd: config === undefined ? null : shownDirectory(app.key.root, config),
    autostart: config !== undefined && startsAtOnce(config),
    restart_policy: config?.restart ?? "",
    max_attempts: config?.backoff.max_attempts ?? null,
    limits: { memory: config?.limits.memory ?? null, cpu_percent: config?.limits.cpu_percent ?? null },
    depends_on: { ...config?.depends_on },
    env_names: Object.keys(config?.env ?? {}).sort(),
    health_check: config?.health !== undefined,
    next_run: nextRun ?? null,
    hosts: config?.hosts ?? null,
    adhoc: app.isAdhoc,
    changed,
    pending,
    instances: app.instances.map((instance) => {
      const { process: leader } = instance;
      const used = leader === undefined ? undefined : measured.usage.get(leader);
      return {
        ...instance.status(),
        cpu_percent: used?.cpuPercent ?? null,
        memory_bytes: used?.memoryBytes ?? null,
        ports: leader === undefined ? null : measured.ports?.get(leader) ?? null,
      };
    }),
  };
}
