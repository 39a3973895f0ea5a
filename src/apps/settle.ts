import type { App } from "./app.ts";
import type { AppInstance } from "./app_instance.ts";
import type { AppState } from "./state/app_state.ts";

/** How often an app ends before others are no longer waited for because they need it. */
const MOST_ENDS = 5;

/**
 * Resolves when the state of each app's instances passes, or cannot soon: what it depends on ends again and
 * again. The app goes on waiting by itself.
 *
 * @param options.dependencies all that an app depends on, directly or not
 * @param options.instead resolves when an instance is waited for no longer, whatever its state
 */
export async function settle(
  apps: readonly App[],
  passes: (state: AppState, instance: AppInstance) => boolean,
  { dependencies, instead, signal }: {
    dependencies: (app: App) => readonly App[];
    instead: (app: App, instance: AppInstance, signal: AbortSignal) => Promise<void>;
    signal: AbortSignal;
  },
): Promise<void> {
  const over = new AbortController();
  const either = AbortSignal.any([over.signal, signal]);
  const failing = new Map<AppInstance, Promise<void>>();
  const failingOf = (instance: AppInstance) => {
    const known = failing.get(instance) ?? endsAgainAndAgain(instance, either);
    failing.set(instance, known);
    return known;
  };
  try {
    await Promise.all(apps.flatMap((app) => {
      const needed = dependencies(app).flatMap(({ instances }) => instances);
      return app.instances.map((instance) =>
        Promise.race([
          instance.until((state) => passes(state, instance), either),
          ...needed.map(failingOf),
          instead(app, instance, either),
        ])
      );
    }));
  } finally {
    over.abort();
  }
}

async function endsAgainAndAgain(instance: AppInstance, signal: AbortSignal): Promise<void> {
  for (let ends = 0; ends < MOST_ENDS; ends++) {
    await instance.until((state) => state !== "backoff", signal);
    await instance.until((state) => state === "backoff", signal);
  }
}
