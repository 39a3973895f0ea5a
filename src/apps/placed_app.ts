/**
 * Apps that the fleet places on its hosts: the lease of a copy decides where one runs, and nothing else does.
 */
import { HaftError } from "../base/errors.ts";
import type { Clock } from "../process/clock.ts";
import type { ProcessTable } from "../process/process_table.ts";
import { findTree, signalTree } from "../process/process_tree.ts";
import type { App } from "./app.ts";
import type { AppConfig } from "./config/app_schema.ts";

/** @throws {HaftError} for an app with hosts that the fleet has not placed here */
export function requirePlacement(
  { name }: Pick<App, "name">,
  { hosts }: AppConfig,
  { placed }: { placed?: boolean | undefined },
): void {
  if (hosts === undefined || placed === true) return;
  throw new HaftError(`App "${name}" runs on hosts of the fleet (${hosts}), and none of it is placed here`, {
    next: `Run "haft app start ${name}" in its project: the fleet chooses the host`,
  });
}

/** Whether what runs of it, or ran last, was placed by the fleet. */
export function isFleets({ instances }: Pick<App, "instances">): boolean {
  return instances.some(({ config }) => config?.hosts !== undefined);
}

/**
 * Waits for a stop, and kills what is left after so many milliseconds, whatever the configuration says of
 * stopping.
 */
export async function withinTime<Result>(
  stopping: Promise<Result>,
  apps: readonly App[],
  withinMs: number | undefined,
  { table, clock }: { table: ProcessTable; clock: Clock },
): Promise<Result> {
  if (withinMs === undefined) return await stopping;
  using _ = clock.after(withinMs, () => {
    for (const { tree } of apps.flatMap(({ instances }) => instances)) {
      signalTree(table, findTree(table, tree), "SIGKILL", tree.leader);
    }
  });
  return await stopping;
}
