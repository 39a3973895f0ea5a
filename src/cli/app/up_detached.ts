import { callerEnvironment } from "../../base/caller_environment.ts";
import type { ExitCode } from "../../base/exit_code.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import type { AppStatus } from "../../protocol/methods/app_methods.ts";
import { createStyle } from "../../ui/style.ts";
import type { Context } from "../command.ts";
import type { ProjectSelection } from "./app_options.ts";
import { stateWords } from "./state_text.ts";
import { reportStarted } from "./report_started.ts";

/** Milliseconds between two looks at what is waited for. */
const LOOK_MS = 1_000;

/** Starts a project's apps, says on stderr what it waits for meanwhile, and leaves them running. */
export async function upDetached(
  daemon: DaemonClient,
  { target, profiles, json }: { target: ProjectSelection; profiles: readonly string[]; json: boolean },
  context: Context,
): Promise<ExitCode> {
  const { stderr, signal } = context;
  const style = createStyle(stderr.color);
  const told = new Map<string, string>();
  const tell = async () => {
    const { apps } = await daemon.request("app.status", { root: target.root, names: [] }, { signal });
    for (const app of apps) {
      const reason = waitsFor(app);
      if (reason === undefined || told.get(app.name) === reason) continue;
      told.set(app.name, reason);
      await stderr.write(style.dim(`${app.name} ${reason}\n`));
    }
  };
  // What cannot be told now is told by the answer.
  const timer = json ? undefined : setInterval(() => void tell().catch(() => {}), LOOK_MS);
  try {
    const env = callerEnvironment(context.env);
    const result = await daemon.request("app.up", { ...target, profiles: [...profiles], env }, { signal });
    return await reportStarted(result, { json }, context);
  } finally {
    clearInterval(timer);
  }
}

/** `waits for db (healthy)`, `is running, and not healthy yet`. */
function waitsFor({ desired, health_check: checked, instances }: AppStatus): string | undefined {
  if (desired !== "running") return undefined;
  for (const { state, reason } of instances) {
    if (state === "starting" || state === "backoff") return reason ?? stateWords(state);
    if (state === "running" && checked) {
      return `is running, and not healthy yet${reason === null ? "" : `: ${reason}`}`;
    }
  }
  return undefined;
}
