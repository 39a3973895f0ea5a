import { basename, posix } from "node:path";
import { UsageError } from "../../base/errors.ts";
import { type Draft, type Rule, type Rules, unlessOff } from "./draft.ts";
import { type Imported, ImportedApps, type ImportSettings } from "./imported.ts";
import { plainPath } from "./import_logs.ts";
import { PM2_LOG_KEYS, setPm2Logs } from "./pm2_logs.ts";
import { setPm2Command } from "./pm2_command.ts";
import { setPm2Serve } from "./pm2_serve.ts";
import {
  asBinarySize,
  asBoolean,
  asGoDuration,
  asNumber,
  asTable,
  asText,
  asTexts,
  isTable,
  milliseconds,
  Mismatch,
  type Table,
} from "./values.ts";

/** Read together with the script, in pm2_command.ts. */
const WITH_SCRIPT: Rule = () => {};
/** Read after all others. */
const WITH_OTHERS: Rule = () => {};
const KEYMETRICS = "it is about Keymetrics, pm2's own monitoring";
const NODE_CHANNEL = "haft has no channel to Node's process.send";

const cwd: Rule = (value, draft) => draft.set("cwd", plainPath(value));
const schedule: Rule = (value, draft) => {
  if (value === "0" || value === 0 || value === false) return;
  draft.set("schedule", asText(value));
  draft.set("schedule_action", "restart");
};
const uid: Rule = (value, draft) => draft.set("uid", owner(value));

const RULES: Rules = {
  name: WITH_SCRIPT,
  script: WITH_SCRIPT,
  exec: WITH_SCRIPT,
  args: WITH_SCRIPT,
  interpreter: WITH_SCRIPT,
  exec_interpreter: WITH_SCRIPT,
  node_args: WITH_SCRIPT,
  interpreter_args: WITH_SCRIPT,
  interpreterArgs: WITH_SCRIPT,
  cwd,
  env: (value, draft) => draft.addVariables("env", asTable(value)),
  env_file: (value, draft) => draft.set("env_file", value === true ? ".env" : asTexts(value)),
  port: (value, draft) => draft.setIn("env", "PORT", asNumber(value)),
  autostart: (value, draft) => draft.set("autostart", asBoolean(value)),
  autorestart: (value, draft) => draft.set("restart", asBoolean(value) ? "always" : "no"),
  instances,
  exec_mode: (value, draft) => {
    if (!/^cluster/.test(asText(value))) return;
    draft.note(
      "exec_mode",
      "instances do not share a port by themselves: give each its own by port, or listen with " +
        "{ port, reusePort: true } (Node 22.12 or later)",
    );
  },
  max_memory_restart: (value, draft) => draft.setIn("limits", "memory", asBinarySize(value)),
  kill_timeout: (value, draft) => draft.set("stop_timeout", milliseconds(asNumber(value))),
  restart_delay: (value, draft) => {
    const delay = milliseconds(asNumber(value));
    draft.set("backoff", {
      ...draft.tableOf("backoff"),
      initial: delay,
      max: delay,
      multiplier: 1,
      jitter: 0,
    });
  },
  exp_backoff_restart_delay: (value, draft) => {
    const initial = milliseconds(asNumber(value));
    draft.set("backoff", { ...draft.tableOf("backoff"), initial, max: "15s", multiplier: 1.5 });
  },
  max_restarts: (value, draft) => draft.setIn("backoff", "max_attempts", asNumber(value)),
  min_uptime: (value, draft) => draft.setIn("backoff", "reset_after", asGoDuration(value, "ms")),
  cron_restart: schedule,
  cron: schedule,
  watch,
  ignore_watch: (value, draft) => {
    if (draft.table["watch"] !== undefined) draft.setIn("watch", "ignore", asTexts(value).map(asPath));
  },
  watch_delay: (value, draft) => {
    if (draft.table["watch"] !== undefined) draft.setIn("watch", "delay", milliseconds(asNumber(value)));
  },
  watch_options: "it is for chokidar, pm2's watcher",
  uid,
  user: uid,
  gid: (value, draft) => draft.set("gid", owner(value)),
  stop_exit_codes: 'restart = "on-failure" restarts after every exit but 0',
  increment_var: WITH_OTHERS,
  instance_var: (value, draft) => draft.setIn("env", asText(value), "$HAFT_APP_INSTANCE"),
  wait_ready: unlessOff(`${NODE_CHANNEL}; a health check tells when it is ready`),
  listen_timeout: "it belongs to wait_ready",
  shutdown_with_message: unlessOff(`${NODE_CHANNEL}; a stop begins with stop_signal`),
  kill_retry_time: "a stop ends with SIGKILL after stop_timeout",
  treekill: (value, draft) => {
    if (!asBoolean(value)) draft.note("treekill", "a stop is always of the whole tree");
  },
  ...Object.fromEntries(PM2_LOG_KEYS.map((key) => [key, WITH_OTHERS])),
  pid_file: '"haft app status --json" has the process ids',
  pid: '"haft app status --json" has the process ids',
  namespace: "haft has no namespaces; name the apps that are meant, or give them profiles",
  filter_env: unlessOff("an app gets the environment of the command that starts it"),
  source_map_support: unlessOff("add --enable-source-maps to the command"),
  disable_source_map_support: unlessOff("haft adds no support for source maps"),
  force: unlessOff("an app is one by its name"),
  append_env_to_name: unlessOff("name the app as you like"),
  username: "it is what pm2 shows",
  name_prefix: "name the app as you like",
  install_url: "haft [tools] installs what an app needs",
  vizion: unlessOff("haft does not read version control"),
  post_update: unlessOff(KEYMETRICS),
  pmx: unlessOff(KEYMETRICS),
  automation: unlessOff(KEYMETRICS),
  trace: unlessOff(KEYMETRICS),
  disable_trace: unlessOff(KEYMETRICS),
  v8: unlessOff(KEYMETRICS),
  event_loop_inspector: unlessOff(KEYMETRICS),
  deep_monitoring: unlessOff(KEYMETRICS),
  io: unlessOff(KEYMETRICS),
  windowsHide: unlessOff("an app never has a window"),
  execute_command: unlessOff("a script of several words is a shell's anyway"),
  write: unlessOff("it is a flag of pm2's own commands"),
};

/** pm2's ecosystem file: a list of apps, an object with one under `apps`, or a single app. */
export function importPm2(value: unknown, settings: ImportSettings): Imported {
  const imported = new ImportedApps();
  const listed = appsOf(value, imported);
  requireEnvironment(settings.environment, listed);
  for (const app of listed) {
    if (!isTable(app)) {
      imported.note("apps", "one of them is no table");
      continue;
    }
    const draft = imported.draft(pm2Name(app));
    draft.set("command", undefined);
    try {
      setPm2Command(app, draft, settings.directory);
    } catch (error) {
      if (!(error instanceof Mismatch)) throw error;
      draft.note("script", error.message);
    }
    // pm2 restarts whatever ends, with whichever exit code, and stops by SIGINT.
    draft.set("restart", "always");
    draft.set("stop_signal", "SIGINT");
    readApp(app, draft, settings.environment);
    setPm2Serve(draft);
    imported.add(draft);
  }
  return imported.finish();
}

function appsOf(value: unknown, imported: ImportedApps): unknown[] {
  if (Array.isArray(value)) return value;
  if (!isTable(value) || value["apps"] === undefined) return [value];
  for (const key of Object.keys(value)) {
    if (key === "deploy") imported.note(key, "haft does not deploy to other machines");
    else if (key !== "apps") imported.note(key, "no key of pm2's that haft knows");
  }
  const { apps } = value;
  return Array.isArray(apps) ? apps : [apps];
}

/** @throws {UsageError} for a name that no app has variables for: pm2 would go on without them */
function requireEnvironment(environment: string | undefined, apps: readonly unknown[]): void {
  if (environment === undefined) return;
  const known = [...new Set(apps.filter(isTable).flatMap(environmentsOf))];
  if (known.includes(environment)) return;
  throw new UsageError(`No app has an env_${environment}`, {
    next: known.length === 0
      ? "Leave --env out"
      : `The file has ${known.map((name) => `--env ${name}`).join(", ")}`,
  });
}

function environmentsOf(app: Table): string[] {
  return Object.keys(app).filter(isEnvironment).map((key) => key.slice("env_".length));
}

function isEnvironment(key: string): boolean {
  return key.startsWith("env_") && key !== "env_file";
}

/** pm2 names an app after its script. */
function pm2Name(app: Table): string {
  const name = app["name"];
  if (typeof name === "string" && name.trim() !== "") return name;
  if (typeof name === "number") return String(name);
  const script = typeof app["script"] === "string" ? app["script"] : "app";
  const file = basename(script.trim().split(/\s+/)[0] ?? "");
  const dot = file.lastIndexOf(".");
  return (dot > 0 ? file.slice(0, dot) : file) || "app";
}

function readApp(app: Table, draft: Draft, environment: string | undefined): void {
  const own = Object.fromEntries(Object.entries(app).filter(([key]) => !isEnvironment(key)));
  // What belongs to `watch` comes after it, wherever it stands.
  const { ignore_watch, watch_delay, ...rest } = own;
  draft.apply({ ...rest, ignore_watch, watch_delay }, RULES, { of: "pm2's" });
  moveWatched(draft);
  setPm2Logs(app, draft);
  for (const name of environmentsOf(app)) {
    const key = `env_${name}`;
    if (name === environment && isTable(app[key])) draft.addVariables(key, app[key]);
    else draft.note(key, name === environment ? "not a table" : `taken by "haft app import --env ${name}"`);
  }
  if (app["increment_var"] !== undefined) incrementVariable(app["increment_var"], draft);
  if (draft.table["schedule"] !== undefined && draft.table["instances"] !== undefined) {
    delete draft.table["schedule"];
    delete draft.table["schedule_action"];
    draft.note("cron_restart", "an app of several instances has no schedule");
  }
}

/** pm2 counts processors: 0 and "max" are all of them, -1 is all but one. */
function instances(value: unknown, draft: Draft): void {
  const count = value === "max" ? 0 : asNumber(value);
  if (count === 1) return;
  draft.set("instances", count > 1 ? Math.floor(count) : "max");
  draft.setIn("env", "NODE_APP_INSTANCE", "$HAFT_APP_INSTANCE");
  if (count < 0) draft.note("instances", '"max" is as many as there are processors, not fewer');
}

/** A number that is one more for each instance: a port of its own. */
function incrementVariable(value: unknown, draft: Draft): void {
  const name = String(value);
  const { [name]: first, ...env } = draft.tableOf("env");
  const from = Number(first);
  if (!Number.isInteger(from) || from < 1 || from > 65_535) {
    return draft.note(
      "increment_var",
      `there is no number in env.${name}; port = "3000-3999" gives each its own`,
    );
  }
  draft.set("port", `${from}-${Math.min(65_535, from + 99)}`);
  const all = name === "PORT" ? env : { ...env, [name]: "$PORT" };
  draft.set("env", all);
  if (Object.keys(all).length === 0) delete draft.table["env"];
}

function watch(value: unknown, draft: Draft): void {
  if (value === false || value === "false") return;
  const paths = value === true || value === "true" ? ["."] : asTexts(value).map(asPath);
  draft.set("watch", { paths });
}

/** pm2's paths are below the app's `cwd`, haft's below the project. A list alone is written as one. */
function moveWatched(draft: Draft): void {
  const { watch: written, cwd: directory } = draft.table;
  if (!isTable(written)) return;
  if (typeof directory === "string" && /^~|\$/.test(directory)) {
    delete draft.table["watch"];
    return draft.note("watch", `haft watches below the project: write the paths in "${directory}" out`);
  }
  const move = (paths: unknown) =>
    asTexts(paths).map((path) => typeof directory === "string" ? posix.join(directory, path) : path);
  const { paths, ignore, ...rest } = written;
  const moved = { paths: move(paths), ...(ignore === undefined ? {} : { ignore: move(ignore) }), ...rest };
  draft.set("watch", Object.keys(moved).length === 1 ? moved.paths : moved);
}

/** pm2 takes what it ignores as paths, and some people write regular expressions: `\\.git`. */
function asPath(path: string): string {
  return path.replaceAll("\\.", ".").replace(/^\.\//, "").replace(/\/+$/, "") || ".";
}

function owner(value: unknown): number {
  const text = asText(value);
  if (!/^\d+$/.test(text)) throw new Mismatch(`haft takes the number of the user or group, not "${text}"`);
  return Number(text);
}
