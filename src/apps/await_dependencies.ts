import { HaftError } from "../base/errors.ts";
import type { App } from "./app.ts";
import { isCleanExit } from "../process/exit.ts";
import { isDown, isUp } from "./state/app_state.ts";
import type { AppInstance } from "./app_instance.ts";

export type DependencyCondition = "started" | "healthy" | "completed";

/**
 * Waits until another app is as wanted. Its restarts are waited for, its end is not.
 *
 * @throws {HaftError} when it cannot come to be so any more: it crashed for good, or was stopped
 */
export async function awaitDependency(
  app: App,
  condition: DependencyCondition,
  signal: AbortSignal,
): Promise<void> {
  if (app.instances.length === 0) {
    throw new HaftError(`It depends on "${app.name}", which was not started`, {
      next: `Run "haft app start ${app.name}" first`,
    });
  }
  await Promise.all(app.instances.map(async (instance) => {
    await instance.until(() => isMet(instance, condition) || cannotBe(instance, condition), signal);
    if (isMet(instance, condition)) return;
    const why = instance.reason === undefined ? "" : ` (${instance.reason})`;
    throw new HaftError(
      `It depends on "${app.name}", which is ${instance.state}${why} and not ${condition}`,
      { next: `Look at "haft app logs ${app.name}"${slowStart(instance)}` },
    );
  }));
}

/** Beside another advice: what to do about an app that is only not healthy yet. */
export function slowStart({ state, config }: Pick<AppInstance, "state" | "config">): string {
  if (state !== "unhealthy" || config?.health?.start_period !== 0) return "";
  return '; if it needs longer to start, give its health a start_period, such as "30s"';
}

function isMet(instance: AppInstance, condition: DependencyCondition): boolean {
  const { state } = instance;
  const completed = state === "stopped" && instance.exit !== undefined && isCleanExit(instance.exit);
  switch (condition) {
    case "started":
      return isUp(state) || completed;
    case "healthy":
      return state === "healthy";
    case "completed":
      return completed;
  }
}

/** It has ended, or its health check has failed for good: waiting longer would be waiting for a person. */
function cannotBe({ state, config }: AppInstance, condition: DependencyCondition): boolean {
  if (isDown(state)) return true;
  const restarts = config?.health?.action === "restart" && config.restart !== "no";
  return condition === "healthy" && state === "unhealthy" && !restarts;
}
