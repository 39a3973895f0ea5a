import type { AppState, AppStatus } from "../../../../../src/protocol/methods/app_methods.ts";
import type { AppLine } from "../../../../../src/cli/app/log_printer.ts";

/** An app as the daemon tells of it, with so many instances. */
export function app(
  name: string,
  { state = "running", instances = 1, ...other }: Partial<Omit<AppStatus, "instances">> & {
    state?: AppState;
    instances?: number;
  } = {},
): AppStatus {
  return {
    name,
    root: "/p",
    state,
    desired: "running",
    command: ["serve", name],
    cwd: "/p",
    autostart: true,
    restart_policy: "on-failure",
    max_attempts: 5,
    limits: { memory: null, cpu_percent: null },
    depends_on: {},
    env_names: [],
    health_check: false,
    next_run: null,
    hosts: null,
    adhoc: false,
    changed: [],
    pending: [],
    instances: Array.from({ length: instances }, (_, instance) => ({
      instance,
      state,
      reason: null,
      pid: 1234 + instance,
      started_at: 0,
      uptime_secs: 61,
      restarts: 2,
      restart_reason: "exited with code 1",
      exit_code: null,
      exit_signal: null,
      cpu_percent: 1.25,
      memory_bytes: 5_000_000,
      ports: [8080],
      port: null,
      log_files: [],
      stdout_log: "/logs/out",
      stderr_log: "/logs/err",
    })),
    ...other,
  };
}

export function line(text: string, { stream = "stdout" }: { stream?: "stdout" | "stderr" } = {}): AppLine {
  return { app: "web", instance: 0, stream, line: text, time: null, partial: false };
}
