import type { AppState } from "../../protocol/methods/app_methods.ts";
import type { Style } from "../../ui/style.ts";

/** What an app does, after its name: `is running`, `waits to restart`. */
export function stateWords(state: AppState | "removed"): string {
  return state === "backoff" ? "waits to restart" : `is ${state}`;
}

/** A state in the colour that says how well the app is. */
export function stateText(state: AppState, style: Style): string {
  switch (state) {
    case "running":
    case "healthy":
      return style.green(state);
    case "crashed":
    case "exhausted":
    case "unhealthy":
      return style.red(state);
    case "stopped":
      return style.dim(state);
    case "starting":
    case "stopping":
    case "backoff":
      return style.yellow(state);
  }
}
