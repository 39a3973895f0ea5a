import type { AppStatus } from "../../../protocol/methods/app_methods.ts";
import type { Style } from "../../../ui/style.ts";
import { plainText } from "../../../ui/terminal_text.ts";
import { formatBytes, formatTime } from "../../../ui/units.ts";
import { type AppRow, shownStateOfRow } from "./app_rows.ts";

/** All that is known of an app: its command, the names of its variables, its dependencies as a tree. */
export function infoLines(row: AppRow, apps: readonly AppStatus[], style: Style): string[] {
  const { app, instance } = row;
  const facts: [string, string][] = [
    ["state", [shownStateOfRow(row), instance?.reason ?? ""].filter((text) => text !== "").join(": ")],
    ["command", app.command.join(" ")],
    ["directory", app.cwd ?? ""],
    ["project", app.root],
    ["pid", instance?.pid?.toString() ?? ""],
    ["up", instance?.uptime_secs == null ? "" : formatTime(instance.uptime_secs * 1_000)],
    ["exit", exitOf(row)],
    ["restarts", restartsOf(row)],
    ["policy", policyOf(app)],
    ["limits", limitsOf(app)],
    ["port", instance?.port?.toString() ?? ""],
    ["ports", instance?.ports?.join(", ") ?? ""],
    ["next run", app.next_run === null ? "" : new Date(app.next_run).toLocaleString("sv-SE")],
    ["changed", app.changed.join(", ")],
    ["pending", app.pending.join(", ")],
    ["env", app.env_names.join(", ")],
    ["log", [instance?.stdout_log, instance?.stderr_log].filter((path) => path !== undefined).join(" ")],
    ["copied to", instance?.log_files.join(" ") ?? ""],
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  const lines = facts.filter(([, text]) => text !== "")
    .map(([name, text]) => `${style.dim(name.padEnd(width))}  ${plainText(text)}`);
  const project = apps.filter(({ root }) => root === app.root);
  const needed = project.filter(({ depends_on: dependsOn }) => app.name in dependsOn).map(({ name }) => name);
  return [
    style.bold(plainText(row.name)),
    "",
    ...lines,
    ...(Object.keys(app.depends_on).length === 0
      ? []
      : ["", style.dim("depends on"), ...dependencyTree(app, project)]),
    ...(needed.length === 0 ? [] : ["", `${style.dim("needed by")}  ${plainText(needed.join(", "))}`]),
  ];
}

/** What an app depends on, and what that depends on, with how each is. */
export function dependencyTree(
  { name, depends_on: dependsOn }: AppStatus,
  apps: readonly AppStatus[],
  above: readonly string[] = [],
): string[] {
  const path = [...above, name];
  const names = Object.entries(dependsOn);
  return names.flatMap(([other, condition], at) => {
    const isLast = at === names.length - 1;
    const app = apps.find((one) => one.name === other);
    const line = `${isLast ? "└─" : "├─"} ${plainText(other)} (${condition}): ${app?.state ?? "unknown"}`;
    // A manifest cannot have a circle, but what was read before it was changed may.
    if (app === undefined || path.includes(other)) return [line];
    return [line, ...dependencyTree(app, apps, path).map((below) => `${isLast ? "   " : "│  "}${below}`)];
  });
}

function exitOf({ instance }: AppRow): string {
  if (instance === undefined || instance.pid !== null) return "";
  const { exit_code: code, exit_signal: signal } = instance;
  return signal ?? (code === null ? "" : `code ${code}`);
}

function restartsOf({ instance }: AppRow): string {
  if (instance === undefined || instance.restarts === 0) return "";
  const { restarts, restart_reason: reason } = instance;
  return reason === null ? String(restarts) : `${restarts}, the last: ${reason}`;
}

function policyOf({ restart_policy: policy, max_attempts: most }: AppStatus): string {
  if (policy === "") return "";
  return most === null ? `restart ${policy}` : `restart ${policy}, at most ${most} in a row`;
}

function limitsOf({ limits: { memory, cpu_percent: cpu } }: AppStatus): string {
  return [memory === null ? "" : formatBytes(memory), cpu === null ? "" : `${cpu}% of a core`]
    .filter((text) => text !== "").join(", ");
}
