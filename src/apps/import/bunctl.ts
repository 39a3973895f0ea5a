import { errorMessage } from "../../base/errors.ts";
import { type Imported, ImportedApps } from "./imported.ts";
import { plainPath, setLogFile } from "./import_logs.ts";
import { isTable, type Table } from "./values.ts";

/** What the dialect, which answers clients, has no use for and so leaves out unseen. */
const LOG_FILES = { stdout_log: "stdout", stderr_log: "stderr", combined_log: "file" } as const;

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
    for (const [key, to] of Object.entries(LOG_FILES)) {
      if (app[key] === undefined || app[key] === null) continue;
      setLogFile(draft, { key, to, value: plainPath(app[key]), directory: draft.table["cwd"] });
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
