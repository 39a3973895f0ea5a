/** haft's words for apps in bunctl's. */
import type { DaemonEvent } from "../protocol/events.ts";
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

/** An app as bunctl's `Status` has it. Its variables are left out: they may be secrets. */
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

export const STATUS_EVENTS: readonly string[] = [
  "app.status_change",
  "app.process_started",
  "app.process_exited",
  "app.process_crashed",
  "app.process_restarting",
];

export interface BunctlEvent {
  event_type: string;
  data: Record<string, unknown>;
}

/** haft's events in bunctl's words. */
export class BunctlEvents {
  /** Apps that are being stopped: their end is a normal one, whatever their exit code. */
  readonly #stopping = new Set<string>();

  /** @returns undefined for what bunctl has no word for */
  translate({ event, data }: DaemonEvent): BunctlEvent | undefined {
    switch (event) {
      case "app.status_change": {
        const { app, root, instance, reason } = data;
        const key = JSON.stringify([root, app, instance]);
        if (data.state === "stopping") this.#stopping.add(key);
        else this.#stopping.delete(key);
        const state = CHANGES[data.state];
        if (state === undefined) return undefined;
        return { event_type: "status_change", data: { app, state, ...(reason === null ? {} : { reason }) } };
      }
      case "app.process_started":
        return { event_type: "process_started", data: { app: data.app, pid: data.pid } };
      case "app.process_exited": {
        const { app, root, instance, exit_code } = data;
        const normal = exit_code === 0 || this.#stopping.has(JSON.stringify([root, app, instance]));
        // Otherwise `app.process_crashed` follows.
        return normal ? { event_type: "process_exited", data: { app, exit_code } } : undefined;
      }
      case "app.process_crashed":
        return { event_type: "process_crashed", data: { app: data.app, reason: data.reason } };
      case "app.process_restarting": {
        const { app, attempt, delay_ms } = data;
        return { event_type: "process_restarting", data: { app, attempt, delay_ms } };
      }
      case "app.log_line":
        return { event_type: "log_line", data: { app: data.app, stream: data.stream, line: data.line } };
      case "app.health_check_failed":
        return { event_type: "health_check_failed", data: { app: data.app, reason: data.reason } };
      case "app.resource_limit_exceeded": {
        const { app, resource, limit, current } = data;
        return { event_type: "resource_limit_exceeded", data: { app, resource, limit, current } };
      }
      default:
        return undefined;
    }
  }
}
