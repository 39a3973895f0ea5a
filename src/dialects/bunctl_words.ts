/** haft's words for apps in bunctl's. */
import type { AppLogLine, AppState, AppStatus } from "../protocol/methods/app_methods.ts";

export function bunctlState(state: AppState, restarts: number): string {
  switch (state) {
    case "running":
    case "healthy":
    case "unhealthy":
      return "Running";
    case "starting":
      return "Starting";
    case "stopping":
      return "Stopping";
    case "stopped":
      return "Stopped";
    case "crashed":
    case "exhausted":
      return "Crashed";
    case "backoff":
      // Clients look at the beginning only.
      return `Backoff { attempt: ${Math.max(1, restarts)}, next_retry: soon }`;
  }
}

const POLICIES: Readonly<Record<string, string>> = {
  "no": "No",
  "always": "Always",
  "on-failure": "OnFailure",
  "unless-stopped": "UnlessStopped",
};

/** An app as bunctl's `Status` has it. Its variables are not told: they may be secrets. */
export function bunctlStatus(app: AppStatus): Record<string, unknown> {
  const [first] = app.instances;
  const [command = "", ...args] = app.command;
  return {
    name: app.name,
    state: bunctlState(app.state, first?.restarts ?? 0),
    pid: first?.pid ?? null,
    restarts: app.instances.reduce((all, { restarts }) => all + restarts, 0),
    auto_start: app.autostart,
    command,
    args,
    cwd: app.cwd,
    restart_policy: POLICIES[app.restart_policy] ?? "No",
    last_exit_code: first?.exit_code ?? null,
    uptime_seconds: first?.uptime_secs ?? null,
    max_memory: app.limits.memory,
    max_cpu_percent: app.limits.cpu_percent,
    max_restart_attempts: app.max_attempts,
    backoff_exhausted: app.state === "exhausted",
    env: {},
    memory_bytes: first?.memory_bytes ?? null,
    cpu_percent: first?.cpu_percent ?? null,
  };
}

/** `[app] [YYYY-MM-DD HH:MM:SS.mmm] [stream] text`, in UTC. */
export function bunctlLine({ app, stream, line, time }: AppLogLine, now: number): string {
  const stamp = new Date(time ?? now).toISOString().replace("T", " ").replace("Z", "");
  return `[${app}] [${stamp}] [${stream}] ${line}`;
}

/** States that bunctl has a word for in its `status_change`. */
const CHANGES: Readonly<Record<string, string>> = {
  starting: "starting",
  running: "running",
  crashed: "crashed",
  stopped: "stopped",
  exhausted: "backoff_exhausted",
  removed: "removed",
};

/** The fields of each event, in bunctl's order. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  process_started: ["app", "pid"],
  process_exited: ["app", "exit_code"],
  process_crashed: ["app", "reason"],
  process_restarting: ["app", "attempt", "delay_ms"],
  log_line: ["app", "stream", "line"],
  health_check_failed: ["app", "reason"],
  resource_limit_exceeded: ["app", "resource", "limit", "current"],
};

export const STATUS_EVENTS: readonly string[] = [
  "app.status_change",
  "app.process_started",
  "app.process_exited",
  "app.process_crashed",
  "app.process_restarting",
];

/** @returns undefined for what bunctl does not tell */
export function bunctlEvent(
  event: string,
  data: Record<string, unknown>,
): { event_type: string; data: Record<string, unknown> } | undefined {
  const type = event.replace(/^app\./, "");
  if (type === "status_change") {
    const state = CHANGES[String(data["state"])];
    if (state === undefined) return undefined;
    const reason = data["reason"] === null ? {} : { reason: data["reason"] };
    return { event_type: type, data: { app: data["app"], state, ...reason } };
  }
  const fields = FIELDS[type];
  if (fields === undefined) return undefined;
  return { event_type: type, data: Object.fromEntries(fields.map((name) => [name, data[name] ?? null])) };
}
