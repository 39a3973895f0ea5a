import type { DaemonClient } from "../../client/daemon_client.ts";
import type { AppStatus } from "../../protocol/methods/app_methods.ts";
import { createStyle } from "../../ui/style.ts";
import type { Context } from "../command.ts";
import type { Selection } from "./app_options.ts";
import { stateWords } from "./state_text.ts";

/** Milliseconds between two looks at what is waited for. */
const LOOK_MS = 1_000;

/** Waits for an answer about apps, and says on stderr what they wait for meanwhile. */
export async function withWaitsTold<Result>(
  answer: Promise<Result>,
  { daemon, selection, quiet }: { daemon: DaemonClient; selection: Selection; quiet: boolean },
  { stderr, signal }: Context,
): Promise<Result> {
  const style = createStyle(stderr.color);
  const told = new Map<string, string>();
  const tell = async () => {
    const { apps } = await daemon.request("app.status", { ...selection, names: [] }, { signal });
    for (const app of apps) {
      const reason = waitsFor(app);
      if (reason === undefined || told.get(app.name) === reason) continue;
      told.set(app.name, reason);
      await stderr.write(style.dim(`${app.name} ${reason}\n`));
    }
  };
  // What a look misses, the answer has.
  const timer = quiet ? undefined : setInterval(() => void tell().catch(() => {}), LOOK_MS);
  try {
    return await answer;
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
