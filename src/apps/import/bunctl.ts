import { errorMessage } from "../../base/errors.ts";
import { type Imported, ImportedApps } from "./imported.ts";
import { isTable, type Table } from "./values.ts";

const OWN_LOGS = 'haft keeps the logs of each app itself: "haft app logs"';

/** What the dialect, which answers clients, has no use for and so leaves out unseen. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  stdout_log: OWN_LOGS,
  stderr_log: OWN_LOGS,
  combined_log: OWN_LOGS,
};

/** bunctl's apps: a list, or an object with one under `apps`. @param read the dialect's own reader */
export function importBunctl(value: unknown, read: (app: unknown) => Table): Imported {
  const imported = new ImportedApps();
  for (const app of bunctlApps(value)) {
    const name = isTable(app) ? app["name"] : undefined;
    if (!isTable(app) || typeof name !== "string") {
      imported.note("apps", "one of them has no name");
      continue;
    }
    const draft = imported.draft(name);
    try {
      const { env, ...table } = read(app);
      Object.assign(draft.table, table);
      if (isTable(env)) draft.addVariables("env", env);
    } catch (error) {
      draft.note("", `left out, since bunctl would refuse it: ${errorMessage(error)}`);
      continue;
    }
    for (const [key, why] of Object.entries(LEFT_OUT)) {
      if (app[key] !== undefined && app[key] !== null) draft.note(key, why);
    }
    if (app["kill_timeout"] && app["stop_timeout"]) {
      draft.note("kill_timeout", "stop_timeout is the one that counts");
    }
    imported.add(draft);
  }
  return imported.finish();
}

function bunctlApps(value: unknown): unknown[] {
  const apps = isTable(value) ? value["apps"] ?? value : value;
  return Array.isArray(apps) ? apps : [apps];
}
