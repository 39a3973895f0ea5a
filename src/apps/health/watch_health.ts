import { showCommand } from "../../process/command_line.ts";
import type { Clock } from "../../process/clock.ts";
import { errorMessage } from "../../base/errors.ts";
import type { ProcessTable } from "../../process/process_table.ts";
import type { TreeQuery } from "../../process/process_tree.ts";
import type { AppCommand, AppConfig, HealthConfig } from "../config/app_schema.ts";
import { foreignAnswer } from "./foreign_answer.ts";
import { HealthMonitor } from "./health_monitor.ts";
import type { InstanceHooks } from "../instance_hooks.ts";
import { probe } from "./probes.ts";
import { type FilledHealth, fillTargets } from "./fill_targets.ts";

export interface WatchHealthOptions {
  clock: Clock;
  table: ProcessTable;
  /** The app's processes, as they are known at the time of a check. */
  tree: () => TreeQuery;
  /** What runs its commands; undefined for an adopted app whose manifest cannot be read. */
  hooks: () => InstanceHooks | undefined;
  /** It was healthy already: an adopted app. */
  passed: boolean;
  onPass: () => void;
  /** @param failures in a row */
  onFail: (reason: string, failures: number, retries: number) => void;
  onUnhealthy: (reason: string) => void;
}

/** The checks of an instance that runs. */
export interface HealthWatch extends Disposable {
  /** A line that the app wrote. */
  line(text: string): void;
}

/** Checks whether an instance is ready (`health`) and whether it still works (`liveness`). */
export function watchChecks(
  { health, liveness }: Pick<AppConfig, "health" | "liveness">,
  { onDead, ...options }: WatchHealthOptions & {
    /** By the check for liveness; its `action` says what follows. */
    onDead: (reason: string, action: "report" | "restart") => void;
  },
): HealthWatch {
  const monitors: HealthMonitor[] = [];
  if (health !== undefined) monitors.push(watchHealth(health, options));
  if (liveness !== undefined) {
    const onUnhealthy = (reason: string) => onDead(reason, liveness.action);
    monitors.push(watchHealth(liveness, { ...options, onPass: () => {}, onUnhealthy }));
  }
  return {
    line: (text) => monitors.forEach((monitor) => monitor.line(text)),
    [Symbol.dispose]: () => monitors.forEach((monitor) => monitor[Symbol.dispose]()),
  };
}

/** Checks an instance that runs, until the result is disposed. */
export function watchHealth(health: HealthConfig, options: WatchHealthOptions): HealthMonitor {
  const { clock, table, tree, hooks, passed, onPass, onFail, onUnhealthy } = options;
  // A foreign answer comes from a process that was there first, so one look at the port's owner is enough:
  // it reads the descriptors of every process.
  let isOwn = false;
  const check = async () => {
    const known = hooks();
    const place = known?.place ?? { cwd: "/", env: {} };
    const words = (command: AppCommand) => known?.words(command) ?? showCommand(command);
    const filled = tryFilling(health, place.env);
    if (typeof filled === "string") return filled;
    const failure = await probe(filled, { ...place, words, timeoutMs: health.timeout });
    if (failure !== undefined || isOwn) return failure;
    const foreign = foreignAnswer(filled, { table, tree: tree() });
    isOwn = foreign === undefined;
    return foreign;
  };
  const failed = (reason: string, failures: number) => onFail(reason, failures, health.retries);
  return new HealthMonitor(health, { clock, check, onPass, onFail: failed, onUnhealthy }, { passed });
}

/** @returns why the check cannot be made, as a text */
function tryFilling(health: HealthConfig, env: Readonly<Record<string, string>>): FilledHealth | string {
  try {
    return fillTargets(health, env);
  } catch (error) {
    return errorMessage(error);
  }
}
