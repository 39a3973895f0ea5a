import type { AppInstance } from "../protocol/methods/app_methods.ts";
import type { InstanceProcess } from "./instance_process.ts";
import type { InstanceLogs } from "./logs/instance_logs.ts";
import type { Life } from "./state/lifecycle.ts";

/** An instance without what was measured of its processes. */
export type InstanceFacts = Omit<AppInstance, "cpu_percent" | "memory_bytes" | "ports">;

/** What events say of an instance, without what its processes use. */
export function instanceStatus(
  { state, reason, restarts, restartReason }: Life,
  { identity, exit, startedAt, uptimeMs }: InstanceProcess,
  { instance, notice, logs, port }: {
    instance: number;
    notice: string | undefined;
    logs: InstanceLogs;
    port: number | undefined;
  },
): InstanceFacts {
  return {
    instance,
    state,
    reason: reason ?? notice ?? null,
    pid: identity?.pid ?? null,
    started_at: startedAt ?? null,
    uptime_secs: uptimeMs === undefined ? null : Math.max(0, Math.floor(uptimeMs / 1_000)),
    restarts,
    restart_reason: restartReason ?? null,
    exit_code: identity === undefined ? exit?.code ?? null : null,
    exit_signal: identity === undefined ? exit?.signal ?? null : null,
    port: port ?? null,
    stdout_log: logs.paths.stdout,
    stderr_log: logs.paths.stderr,
    log_files: logs.copier.paths,
  };
}
