import type { AppState } from "./transitions.ts";

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

/** The state of an app of several instances: the one of its instances' that needs attention first. */
export function worstState(states: readonly AppState[]): AppState {
  return ORDER.find((state) => states.includes(state)) ?? "stopped";
}
