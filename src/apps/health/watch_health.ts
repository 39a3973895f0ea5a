import type { Clock } from "../../process/clock.ts";
import type { ProcessTable } from "../../process/process_table.ts";
import type { TreeQuery } from "../../process/process_tree.ts";
import type { HealthConfig } from "../config/app_schema.ts";
import { foreignAnswer } from "./foreign_answer.ts";
import { HealthMonitor } from "./health_monitor.ts";
import { probe, type ProbeContext } from "./probes.ts";

export interface WatchHealthOptions {
  clock: Clock;
  table: ProcessTable;
  /** The app's processes, as they are known at the time of a check. */
  tree: () => TreeQuery;
  surroundings: () => Omit<ProbeContext, "timeoutMs">;
  /** It was healthy already: an adopted app. */
  passed: boolean;
  onPass: () => void;
  /** @param failures in a row */
  onFail: (reason: string, failures: number) => void;
  onUnhealthy: (reason: string) => void;
}

/** Checks an instance that runs, until the result is disposed. */
export function watchHealth(health: HealthConfig, options: WatchHealthOptions): HealthMonitor {
  const { clock, table, tree, surroundings, passed, onPass, onFail, onUnhealthy } = options;
  const check = async () =>
    await probe(health, { ...surroundings(), timeoutMs: health.timeout }) ??
      foreignAnswer(health, { table, tree: tree() });
  return new HealthMonitor(health, { clock, check, onPass, onFail, onUnhealthy }, { passed });
}
