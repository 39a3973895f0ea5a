import type { App } from "./project.ts";

export interface AppRow {
  label: string;
  description: string;
  icon: string;
  color: string | undefined;
  /** Which actions fit: `app.running`, `app.stopped`, or `app.unknown` without a daemon. */
  context: string;
}

type State = App["state"];

const LOOKS: Record<State, { icon: string; color?: string }> = {
  stopped: { icon: "circle-outline" },
  starting: { icon: "loading~spin" },
  running: { icon: "circle-filled", color: "testing.iconPassed" },
  healthy: { icon: "pass-filled", color: "testing.iconPassed" },
  unhealthy: { icon: "warning", color: "list.warningForeground" },
  stopping: { icon: "loading~spin" },
  crashed: { icon: "error", color: "testing.iconFailed" },
  backoff: { icon: "sync", color: "list.warningForeground" },
  exhausted: { icon: "error", color: "testing.iconFailed" },
};

/** @param known false where no daemon says how it stands */
export function appRow(app: App, { known }: { known: boolean }): AppRow {
  if (!known) {
    const unknown = {
      icon: "question",
      color: undefined,
      context: "app.unknown",
    };
    return { label: app.name, description: "unknown", ...unknown };
  }
  const { icon, color } = LOOKS[app.state];
  const restarts = app.instances.reduce((sum, one) => sum + one.restarts, 0);
  const facts = [
    app.state,
    ...(app.instances.length > 1 ? [`${app.instances.length} instances`] : []),
    ...(restarts > 0 ? [`${restarts} restarts`] : []),
    ...portsOf(app).map((port) => `:${port}`),
  ];
  return {
    label: app.name,
    description: facts.join(", "),
    icon,
    color,
    context: isRunning(app) ? "app.running" : "app.stopped",
  };
}

/** What its processes listen on, as far as the system tells. */
export function portsOf({ instances }: App): number[] {
  return [...new Set(instances.flatMap(({ ports }) => ports ?? []))];
}

export function isRunning({ state }: App): boolean {
  return state !== "stopped" && state !== "crashed" && state !== "exhausted";
}

const MEBIBYTE = 1_048_576;

/** What the mouse finds on an app, in Markdown: one line for each of its processes. */
export function appFacts(app: App): string {
  const lines = app.instances.map(
    ({ instance, state, pid, cpu_percent: cpu, memory_bytes: memory, reason }) => {
      const facts = [
        `${app.instances.length > 1 ? `${instance}: ` : ""}${state}`,
        ...(pid === null ? [] : [`pid ${pid}`]),
        ...(cpu === null ? [] : [`${cpu.toFixed(1)} % CPU`]),
        ...(memory === null ? [] : [`${(memory / MEBIBYTE).toFixed(1)} MiB`]),
        ...(reason === null ? [] : [reason]),
      ];
      return facts.join(", ");
    },
  );
  const pending = app.pending.length === 0 ? [] : [`A restart takes up: ${app.pending.join(", ")}`];
  return [`$ ${app.command.join(" ")}`, ...lines, ...pending].join("\n");
}
