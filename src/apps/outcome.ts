import { errorMessage, HaftError } from "../base/errors.ts";
import type { ProcessKey } from "../process/process_key.ts";
import type { AppOutcome, AppStatus } from "../protocol/methods/app_methods.ts";
import type { App } from "./app.ts";
import { slowStart } from "./await_dependencies.ts";

/** What became of an action, and how its apps are then. */
export interface ActionResult {
  apps: AppStatus[];
  /** One for each app that was meant; `error` says why it is not as wanted. */
  outcomes: AppOutcome[];
}

/** What became of an app by an action that throws when it cannot be done. */
export function outcomeOf({ key }: App, action: () => void): AppOutcome {
  try {
    action();
    return { ...key, error: null };
  } catch (error) {
    return failed(key, error);
  }
}

/** The outcome of what was thrown, with its next step. */
export function failed(key: ProcessKey, error: unknown): AppOutcome {
  const next = error instanceof HaftError ? error.next : undefined;
  return { ...key, error: errorMessage(error), ...(next === undefined ? {} : { next }) };
}

/** The outcome of an app that did not come up gives the reason. */
export function withTrouble(outcome: AppOutcome, { name, instances }: App): AppOutcome {
  if (outcome.error !== null) return outcome;
  const trouble = instances.find(({ state }) =>
    state === "crashed" || state === "exhausted" || state === "unhealthy" || state === "backoff" ||
    state === "starting"
  );
  if (trouble === undefined) return outcome;
  const { state, reason } = trouble;
  if (state === "starting") {
    const next = `It starts once that is so; "haft app status" and "haft app logs" show what is wrong`;
    return { ...outcome, error: `It ${reason ?? "is starting"}`, next };
  }
  const words = state === "backoff" ? "It waits to restart" : `It is ${state}`;
  if (reason === undefined) return { ...outcome, error: words };
  if (state === "unhealthy") {
    return {
      ...outcome,
      error: `${words}: ${reason}`,
      next: `Look at "haft app logs ${name}"${slowStart(trouble)}`,
    };
  }
  if (state === "crashed") return { ...outcome, error: reason };
  return { ...outcome, error: `${words}: ${reason}`, next: `Look at "haft app logs ${name}"` };
}
