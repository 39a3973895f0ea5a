import type { AppInstance, AppStatus } from "../../../protocol/methods/app_methods.ts";
import { type ShownState, shownState, shownStateOf } from "../state_text.ts";

/** A line of the board's list: an app, or one of its instances where there are several. */
export interface AppRow {
  /** As the daemon's methods take it: `web`, `web:1`. */
  name: string;
  app: AppStatus;
  /** Absent for an app that was never started. */
  instance: AppInstance | undefined;
}

/** What the list can be sorted by; `order` is the manifest's. */
export const SORTS = ["order", "app", "state", "cpu", "memory", "restarts"] as const;
export type Sort = typeof SORTS[number];

export interface RowChoice {
  sort: Sort;
  reverse: boolean;
  /** Only apps whose name contains it. */
  filter: string;
}

/** The lines of the list. */
export function appRows(apps: readonly AppStatus[], { sort, reverse, filter }: RowChoice): AppRow[] {
  const rows = apps.filter(({ name }) => name.includes(filter)).flatMap((app): AppRow[] => {
    if (app.instances.length < 2) return [{ name: app.name, app, instance: app.instances[0] }];
    return app.instances.map((instance) => ({ name: `${app.name}:${instance.instance}`, app, instance }));
  });
  const sorted = rows.toSorted((one, other) => compare(one, other, sort));
  return reverse ? sorted.reverse() : sorted;
}

/** The same line in another answer of the daemon's. */
export function isSameRow(one: AppRow, other: AppRow): boolean {
  return one.name === other.name && one.app.root === other.app.root;
}

/** Names and states by alphabet, what is used from the most on. */
function compare(one: AppRow, other: AppRow, sort: Sort): number {
  switch (sort) {
    case "order":
      return 0;
    case "app":
      return one.name.localeCompare(other.name, "en", { numeric: true });
    case "state":
      return stateOf(one).localeCompare(stateOf(other), "en");
    case "cpu":
      return (other.instance?.cpu_percent ?? -1) - (one.instance?.cpu_percent ?? -1);
    case "memory":
      return (other.instance?.memory_bytes ?? -1) - (one.instance?.memory_bytes ?? -1);
    case "restarts":
      return (other.instance?.restarts ?? -1) - (one.instance?.restarts ?? -1);
  }
}

export function stateOf({ app, instance }: AppRow): AppStatus["state"] {
  return instance?.state ?? app.state;
}

/** The row's state as haft app status calls it. */
export function shownStateOfRow({ app, instance }: AppRow): ShownState {
  return instance === undefined ? shownStateOf(app) : shownState(instance, app);
}
