import type { AppInstance, AppState, AppStatus } from "../../protocol/methods/app_methods.ts";
import type { Style } from "../../ui/style.ts";

/** What a person calls a state: an app that ended well by itself is completed, as depends_on says. */
export type ShownState = AppState | "completed";

/** An instance's state as it is shown. @param app what is wanted of its app */
export function shownState(
  { state, exit_code: code }: Pick<AppInstance, "state" | "exit_code">,
  { desired }: Pick<AppStatus, "desired">,
): ShownState {
  return state === "stopped" && desired === "running" && code === 0 ? "completed" : state;
}

/** The state of an app with all its instances. */
export function shownStateOf(app: Pick<AppStatus, "state" | "desired" | "instances">): ShownState {
  const isCompleted = app.instances.length > 0 &&
    app.instances.every((instance) => shownState(instance, app) === "completed");
  return isCompleted ? "completed" : app.state;
}

/** What an app does, after its name: `is running`, `waits to restart`. */
export function stateWords(state: ShownState | "removed"): string {
  return state === "backoff" ? "waits to restart" : `is ${state}`;
}

/** A state in the colour that says how well the app is. */
export function stateText(state: ShownState, style: Style): string {
  switch (state) {
    case "running":
    case "healthy":
    case "completed":
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
