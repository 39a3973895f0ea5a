import type { DeclaredTask, TaskRun } from "./project.ts";

/** Words for `haft run NAME`: a value that is the default is left to haft. */
export function runArguments(task: DeclaredTask, values: ReadonlyMap<string, string>): string[] {
  return task.parameters.flatMap(({ name, default: usual }) => {
    const value = values.get(name);
    return value === undefined || value === usual ? [] : [`--${name}=${value}`];
  });
}

export interface RunRow {
  label: string;
  description: string;
  icon: string;
  color: string | undefined;
  /** `run.active`, `run.failed`, `run.done`, or `run.unknown` without a daemon. */
  context: string;
}

/** @param known false where no daemon says how a run that has not ended stands */
export function runRow(run: TaskRun, { now, known }: { now: number; known: boolean }): RunRow {
  const label = run.name ?? "command";
  if (!known && run.ended_at === null) {
    return { label, description: "unknown", icon: "question", color: undefined, context: "run.unknown" };
  }
  const since = run.started_at ?? run.created_at;
  const took = seconds((run.ended_at ?? now) - since);
  switch (run.state) {
    case "queued":
      return { label, description: "waits", icon: "clock", color: undefined, context: "run.active" };
    case "running": {
      const attempt = run.attempt > 1 ? `, attempt ${run.attempt}` : "";
      return {
        label,
        description: `runs${attempt}`,
        icon: "loading~spin",
        color: undefined,
        context: "run.active",
      };
    }
    case "completed":
      return {
        label,
        description: run.skipped ? `nothing to do` : `done in ${took}`,
        icon: run.skipped ? "pass" : "pass-filled",
        color: "testing.iconPassed",
        context: "run.done",
      };
    default: {
      const code = run.exit_code === null ? run.reason ?? run.state : `exit code ${run.exit_code}`;
      return {
        label,
        description: `${code} after ${took}`,
        icon: "error",
        color: "testing.iconFailed",
        context: "run.failed",
      };
    }
  }
}

function seconds(ms: number): string {
  return `${(Math.max(ms, 0) / 1_000).toFixed(1)} s`;
}
