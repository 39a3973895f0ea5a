import type { AppState } from "../../protocol/methods/app_methods.ts";
import type { Style } from "../../ui/style.ts";

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
