import { AppState } from "../../protocol/methods/app_methods.ts";

export { AppState };

/** Whether a process runs that is not being stopped. */
export function isUp(state: AppState): boolean {
  return state === "running" || state === "healthy" || state === "unhealthy";
}

/** Whether a process runs, is about to, or is being stopped. */
export function isLive(state: AppState): boolean {
  return state === "starting" || isUp(state) || state === "stopping";
}

/** Whether nothing runs and nothing is planned. */
export function isDown(state: AppState): boolean {
  return state === "stopped" || state === "crashed" || state === "exhausted";
}

/** What needs attention first. */
const ORDER: readonly AppState[] = [
  "exhausted",
  "crashed",
  "backoff",
  "unhealthy",
  "stopping",
  "starting",
  "running",
  "healthy",
  "stopped",
];

/** The state of an app of several instances: the one that needs attention first. */
export function worstState(states: readonly AppState[]): AppState {
  return ORDER.find((state) => states.includes(state)) ?? "stopped";
}
