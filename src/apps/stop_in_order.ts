import { dependents } from "../base/dependency_order.ts";
import type { App } from "./app.ts";

/** Stops apps, each after those that depend on it. Resolves when nothing of them is left. */
export async function stopInOrder(
  apps: readonly App[],
  stopOne: (app: App) => Promise<void>,
): Promise<void> {
  const stopping = new Map<App, Promise<void>>();
  const stop = (app: App): Promise<void> => {
    const known = stopping.get(app);
    if (known !== undefined) return known;
    // Known before its dependents are looked at, so that a circle of configurations of different age ends.
    stopping.set(app, Promise.resolve());
    const before = dependentsOf(app, apps).map(stop);
    const own = before.length === 0 ? stopOne(app) : Promise.all(before).then(() => stopOne(app));
    stopping.set(app, own);
    return own;
  };
  await Promise.all(apps.map(stop));
}

/** By the configurations that they were started with. */
function dependentsOf(app: App, apps: readonly App[]): App[] {
  const same = apps.filter(({ key }) => key.root === app.key.root);
  const waits = new Map(
    same.map((one) => [one.name, Object.keys(one.instances[0]?.config?.depends_on ?? {})]),
  );
  const names = dependents(app.name, same.map(({ name }) => name), waits);
  return same.filter(({ name }) => names.includes(name));
}
