/** Other supervisors' files as `[apps]`. They are read as data; nothing in them is run. */
import { HaftError } from "../../base/errors.ts";
import { parseApp } from "./parse_apps.ts";

type Table = Record<string, unknown>;

export interface ImportedApps {
  /** Name → what goes under `[apps.NAME]`. */
  apps: Record<string, Table>;
  /** What has no counterpart, as `app: key`. */
  left: string[];
}

/** pm2's keys that mean nothing here, or whose meaning is the default. */
const PM2_IGNORED = new Set([
  "name",
  "merge_logs",
  "time",
  "source_map_support",
  "vizion",
  "pmx",
  "automation",
  "treekill",
]);

/**
 * Reads bunctl's `bunctl.json` or pm2's ecosystem file as JSON: a list of apps, or an object with one under
 * `apps`.
 *
 * @param bunctl turns an app of bunctl's into a table
 * @throws {HaftError} when the text is neither, or an app cannot be one of haft's
 */
export function importApps(text: string, path: string, bunctl: (app: unknown) => Table): ImportedApps {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new HaftError(`Cannot read "${path}": it is not JSON`, {
      next: "An ecosystem file that is JavaScript has to be written out as JSON first",
      cause: error,
    });
  }
  const list = Array.isArray(value)
    ? value
    : isTable(value) && Array.isArray(value["apps"])
    ? value["apps"]
    : [value];
  const result: ImportedApps = { apps: {}, left: [] };
  for (const app of list) {
    const name = isTable(app) ? app["name"] : undefined;
    if (!isTable(app) || typeof name !== "string") {
      throw new HaftError(`Cannot read "${path}": an app has no name`);
    }
    const table = "script" in app ? fromPm2(app, (key) => result.left.push(`${name}: ${key}`)) : bunctl(app);
    parseApp(name, table);
    result.apps[name] = table;
  }
  return result;
}

function fromPm2(app: Table, leave: (key: string) => void): Table {
  const table: Table = {};
  const script = String(app["script"]);
  const interpreter = app["interpreter"] ?? app["exec_interpreter"] ??
    (/\.[cm]?js$/.test(script) ? "node" : "none");
  table["command"] = interpreter === "none" ? [script] : [String(interpreter), script];
  for (const [key, value] of Object.entries(app)) {
    switch (key) {
      case "script":
      case "interpreter":
      case "exec_interpreter":
        break;
      case "args":
        table["args"] = Array.isArray(value)
          ? value.map(String)
          : String(value).split(/\s+/).filter((word) => word !== "");
        break;
      case "cwd":
        table["cwd"] = value;
        break;
      case "env":
        table["env"] = value;
        break;
      case "instances":
        if (typeof value === "number" && value > 0) table["instances"] = value;
        else leave(key);
        break;
      case "autorestart":
        table["restart"] = value === false ? "no" : "always";
        break;
      case "max_memory_restart":
        table["limits"] = { memory: typeof value === "number" ? `${value}B` : String(value) };
        break;
      case "kill_timeout":
        table["stop_timeout"] = `${Number(value)}ms`;
        break;
      case "cron_restart":
        table["schedule"] = value;
        break;
      case "restart_delay":
        table["backoff"] = { ...table["backoff"] as Table | undefined, initial: `${Number(value)}ms` };
        break;
      case "max_restarts":
        table["backoff"] = { ...table["backoff"] as Table | undefined, max_attempts: value };
        break;
      case "watch":
        if (Array.isArray(value)) table["watch"] = value.map(String);
        else if (value === true) table["watch"] = ["**/*"];
        break;
      default:
        if (!PM2_IGNORED.has(key)) leave(key);
    }
  }
  return table;
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
