import { hasVariable } from "../config/expand_variables.ts";
import { type Draft, filled, type Rules, unlessOff } from "./draft.ts";
import { OWN_LOGS } from "./import_logs.ts";
import { setProcessLogs } from "./process_compose_logs.ts";
import { escapedDollars, filledTemplates } from "./process_compose_templates.ts";
import { type Imported, ImportedApps } from "./imported.ts";
import {
  asBoolean,
  asCount,
  asNumber,
  asSeconds,
  asSignal,
  asTable,
  asText,
  asTexts,
  asVariables,
  expandedWord,
  isTable,
  Mismatch,
  type Table,
} from "./values.ts";
import { commandOf, plainDollars } from "./variables.ts";

const SCREEN = "it is about the screen of process-compose";

const TOP: Rules = {
  version: (value) => void value,
  processes: (value) => void value,
  environment: (value) => void value,
  env_file: (value) => void value,
  shell: (value) => void value,
  vars: (value) => void value,
  env_cmds: "haft runs no commands for variables; make them in the command",
  is_strict: "haft always refuses keys that it does not know",
  log_level: OWN_LOGS,
  log_location: (value) => void value,
  log_configuration: (value) => void value,
  log_format: OWN_LOGS,
  log_length: SCREEN,
  is_tui_disabled: SCREEN,
  disable_env_expansion: (value) => void value,
  ordered_shutdown: "haft always stops dependents first",
  extends: "import that file, too",
  is_dotenv_disabled: "only what env_file names is read",
};

/** Read with what belongs to it. */
const WITH_OTHERS = filled(() => {});

const PROCESS: Rules = {
  command: filled((value, draft) => draft.set("command", plainDollars(asText(value)).trimEnd())),
  entrypoint: WITH_OTHERS,
  args: WITH_OTHERS,
  working_dir: filled((value, draft) => draft.set("cwd", asText(value))),
  environment: filled((value, draft) =>
    draft.addVariables("environment", asVariables(value), { expands: true })
  ),
  env_file: filled((value, draft) => draft.set("env_file", asTexts(value))),
  depends_on: (value, draft) => setDependencies(asTable(value), draft),
  availability: (value, draft) => setAvailability(asTable(value), draft),
  readiness_probe: (value, draft) => setProbe(asTable(value), draft, "readiness_probe"),
  liveness_probe: (value, draft) => setProbe(asTable(value), draft, "liveness_probe"),
  ready_log_line: (value, draft) => {
    const escaped = asText(value).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    draft.set("health", { log_line: escaped });
  },
  shutdown: (value, draft) =>
    draft.apply(asTable(value), SHUTDOWN, { prefix: "shutdown.", of: "process-compose's" }),
  disabled: (value, draft) => {
    if (asBoolean(value)) draft.set("autostart", false);
  },
  replicas: (value, draft) => {
    const count = asCount(value);
    if (count > 1) draft.set("instances", count);
  },
  schedule: (value, draft) =>
    draft.apply(asTable(value), SCHEDULE, { prefix: "schedule.", of: "process-compose's" }),
  log_configuration: WITH_OTHERS,
  log_location: WITH_OTHERS,
  description: "an app has none; write it as a comment",
  namespace: "haft has no namespaces; name the apps that are meant",
  is_daemon: unlessOff("name its pid_file, or run the program in the foreground"),
  is_foreground: unlessOff("an app has no terminal"),
  is_tty: unlessOff("an app has no terminal"),
  is_interactive: unlessOff("an app has no terminal"),
  is_elevated: unlessOff("an app has the daemon's user; uid and gid are for root"),
  is_template_disabled: WITH_OTHERS,
  is_dotenv_disabled: (value, draft) => {
    if (asBoolean(value) && draft.table["env_file"] === undefined) draft.set("env_file", []);
  },
  is_disabled: (value, draft) => {
    if (asBoolean(value)) draft.set("autostart", false);
  },
  disable_ansi_colors: "colours go to terminals alone",
  vars: WITH_OTHERS,
  launch_timeout_seconds: "it belongs to is_daemon",
  logger: OWN_LOGS,
  extends: "haft has no templates of apps",
  watch: (value, draft) => setWatch(value, draft),
};

const SHUTDOWN: Rules = {
  signal: (value, draft) => draft.set("stop_signal", asSignal(value)),
  timeout_seconds: (value, draft) => draft.set("stop_timeout", asSeconds(value)),
  command: filled((value, draft) => draft.set("stop_command", plainDollars(asText(value)).trimEnd())),
  parent_only: (value, draft) => {
    if (asBoolean(value)) draft.note("shutdown.parent_only", "a stop is always of the whole tree");
  },
};

const SCHEDULE: Rules = {
  cron: (value, draft) => draft.set("schedule", asText(value)),
  timezone: (value, draft) => draft.set("schedule_timezone", asText(value)),
  interval: "a schedule is a cron expression",
  run_on_start: (value, draft) => {
    if (asBoolean(value) && draft.table["autostart"] === undefined) draft.set("autostart", true);
  },
  max_concurrent: "an app that runs is not started again",
};

const CONDITIONS: Readonly<Record<string, string>> = {
  process_started: "started",
  process_healthy: "healthy",
  process_log_ready: "healthy",
  process_completed: "completed",
  process_completed_successfully: "completed",
};

const RESTARTS: Readonly<Record<string, string>> = {
  no: "no",
  always: "always",
  on_failure: "on-failure",
  "on-failure": "on-failure",
  exit_on_failure: "no",
};

/** A process-compose.yaml. */
export function importProcessCompose(written: Table): Imported {
  const imported = new ImportedApps({ hasVariables: true });
  imported.noteTop(written, TOP, "process-compose's");
  const file = isOn(written["disable_env_expansion"]) ? asTable(escapedDollars(written)) : written;
  const processes = asTable(file["processes"]);
  for (const [name, template] of Object.entries(processes)) {
    const draft = imported.draft(name);
    const process = isTable(template) ? filledTemplates(template, file["vars"], draft) : undefined;
    if (process === undefined) {
      draft.note("", "left out, since it is no table");
      continue;
    }
    // Without availability, process-compose restarts nothing.
    draft.set("command", undefined);
    draft.set("restart", "no");
    setOwnVariables(process, file, draft);
    setShared(file, draft);
    draft.apply(process, PROCESS, { of: "process-compose's" });
    setEntrypoint(process, draft);
    setProcessLogs(process, file, draft);
    imported.add(draft);
  }
  return imported.finish();
}

function setShared(file: Table, draft: Draft): void {
  if (file["environment"] !== undefined) {
    draft.addVariables("environment", asVariables(file["environment"]), { expands: true });
  }
  if (file["env_file"] !== undefined) draft.set("env_file", asTexts(file["env_file"]));
  if (isTable(file["shell"])) {
    const { shell_command: command, shell_argument: argument = "-c", ...rest } = file["shell"];
    if (command !== undefined) {
      draft.set("shell", [asText(command), ...argument === "" ? [] : [asText(argument)]]);
    }
    for (const key of Object.keys(rest)) {
      draft.note(`shell.${key}`, "no key of process-compose's that haft knows");
    }
  }
}

/** What process-compose tells each process, where there are several or one of them is asked for. */
function setOwnVariables(process: Table, { environment, env_file: files }: Table, draft: Draft): void {
  const text = JSON.stringify([process, environment, files]);
  const isOneOfSeveral = process["replicas"] !== undefined && Number(process["replicas"]) !== 1;
  for (const [name, own] of Object.entries(OWN_VARIABLES)) {
    if (isOneOfSeveral || text.includes(name)) draft.setIn("env", name, own);
  }
}

const OWN_VARIABLES: Readonly<Record<string, string>> = {
  PC_REPLICA_NUM: "$HAFT_APP_INSTANCE",
  PC_PROC_NAME: "$HAFT_APP_NAME",
};

/** It stands over `command`. */
function setEntrypoint({ entrypoint, args }: Table, draft: Draft): void {
  if (entrypoint === undefined || entrypoint === null) {
    if (args !== undefined && args !== null) draft.set("args", asTexts(args));
    return;
  }
  const words = asTexts(entrypoint);
  const command = commandOf([words]);
  const more = args === undefined || args === null ? [] : asTexts(args);
  if (Array.isArray(command) && !more.some(hasVariable)) {
    draft.set("command", command);
    if (more.length > 0) draft.set("args", more.map(plainDollars));
  } else draft.set("command", commandOf([words, more]));
}

function isOn(value: unknown): boolean {
  return value === true || value === "true";
}

function setDependencies(table: Table, draft: Draft): void {
  const dependsOn: Record<string, string> = {};
  for (const [name, value] of Object.entries(table)) {
    const condition = isTable(value) ? value["condition"] ?? "process_started" : "process_started";
    const known = CONDITIONS[String(condition)];
    if (known === undefined) {
      draft.note(`depends_on.${name}`, `"${condition}" is no condition that haft knows`);
    } else dependsOn[name] = known;
    if (condition === "process_completed") {
      draft.note(`depends_on.${name}`, '"completed" waits for an end without failure');
    }
  }
  draft.set("depends_on", dependsOn);
}

function setAvailability(table: Table, draft: Draft): void {
  draft.apply(table, AVAILABILITY, { prefix: "availability.", of: "process-compose's" });
}

const AVAILABILITY: Rules = {
  restart: (value, draft) => {
    const restart = RESTARTS[asText(value)];
    if (restart === undefined) throw new Mismatch(`"${value}" is no policy that haft knows`);
    draft.set("restart", restart);
    if (value === "exit_on_failure") {
      draft.note("availability.restart", '"haft app up --abort-on-failure" ends all');
    }
  },
  backoff_seconds: (value, draft) => {
    const pause = asSeconds(value);
    draft.set("backoff", {
      ...draft.tableOf("backoff"),
      initial: pause,
      max: pause,
      multiplier: 1,
      jitter: 0,
    });
  },
  max_restarts: (value, draft) => {
    if (asNumber(value) > 0) draft.setIn("backoff", "max_attempts", asNumber(value));
  },
  exit_on_end: (value, draft) => {
    if (asBoolean(value)) {
      draft.note("availability.exit_on_end", `"haft app up --exit-on ${draft.name}" ends with it`);
    }
  },
  exit_on_skipped: "haft does not skip apps",
};

function setProbe(probe: Table, draft: Draft, key: "readiness_probe" | "liveness_probe"): void {
  const target = key === "liveness_probe" ? "liveness" : "health";
  if (draft.table[target] !== undefined) throw new Mismatch("ready_log_line is its check already");
  const health: Table = {};
  const rules: Rules = {
    exec: (value) => {
      const { command, working_dir: directory } = asTable(value);
      const text = plainDollars(asText(command));
      health["exec"] = directory === undefined ? text : `cd ${expandedWord(asText(directory))} && ${text}`;
    },
    http_get: (value) => Object.assign(health, httpProbe(asTable(value), draft, `${key}.http_get`)),
    initial_delay_seconds: (value) => health["start_period"] = asSeconds(value),
    period_seconds: (value) => health["interval"] = asSeconds(value),
    timeout_seconds: (value) => health["timeout"] = asSeconds(value),
    failure_threshold: (value) => health["retries"] = asCount(value),
    success_threshold: (value) => health["successes"] = asCount(value),
  };
  draft.apply(probe, rules, { prefix: `${key}.`, of: "process-compose's" });
  if (health["exec"] === undefined && health["http"] === undefined) throw new Mismatch("it has no probe");
  draft.set(target, health);
}

function httpProbe(table: Table, draft: Draft, key: string): Table {
  const { scheme = "http", host = "127.0.0.1", port, path = "/", status_code: status, ...rest } = table;
  for (const other of Object.keys(rest)) draft.note(`${key}.${other}`, "a check sends a plain GET");
  const place = String(path).startsWith("/") ? path : `/${path}`;
  const url = `${asText(scheme).toLowerCase()}://${asText(host)}${
    port === undefined ? "" : `:${asText(port)}`
  }${place}`;
  return { http: status === undefined ? url : { url, expected_status: asNumber(status) } };
}

function setWatch(value: unknown, draft: Draft): void {
  const entries = Array.isArray(value) ? value : [value];
  draft.set(
    "watch",
    entries.flatMap((entry) => isTable(entry) ? asTexts(entry["path"] ?? entry["paths"]) : asTexts(entry)),
  );
}
