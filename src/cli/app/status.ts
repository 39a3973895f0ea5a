import { ExitCode } from "../../base/exit_code.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import type { AppInstance, AppState, AppStatus } from "../../protocol/methods/app_methods.ts";
import { createStyle, type Style } from "../../ui/style.ts";
import { table } from "../../ui/table.ts";
import { formatBytes, formatTime } from "../../ui/units.ts";
import type { Context } from "../command.ts";
import type { Selection } from "./actions.ts";
import type { AppCommandOptions } from "./options.ts";

export async function status(
  daemon: DaemonClient,
  { options, selection }: { options: AppCommandOptions; selection: Selection },
  { stdout, stderr }: Context,
): Promise<ExitCode> {
  const { apps } = await daemon.request("app.status", selection);
  if (options.json) {
    await stdout.write(`${JSON.stringify(apps, null, 2)}\n`);
    return ExitCode.ok;
  }
  if (apps.length === 0) {
    await stderr.write("This project has no apps\n  Declare them under [apps] in haft.toml\n");
    return ExitCode.ok;
  }
  const style = createStyle(stdout.color);
  const roots = new Set(apps.map(({ root }) => root)).size > 1;
  await stdout.write(table([
    ["app", "state", "pid", "up", "restarts", "cpu", "memory", ""].map((title) => style.dim(title)),
    ...apps.flatMap((app) => app.instances.map((instance) => row(app, instance, { style, roots }))),
  ]));
  for (const { name, pending } of apps) {
    if (pending.length === 0) continue;
    await stderr.write(
      `Note: ${name} runs with an older ${pending.join(", ")}; "haft app restart ${name}" takes it up\n`,
    );
  }
  return ExitCode.ok;
}

function row(
  app: AppStatus,
  { instance, state, pid, uptime_secs: uptime, restarts, cpu_percent: cpu, memory_bytes: memory, reason }:
    AppInstance,
  { style, roots }: { style: Style; roots: boolean },
): string[] {
  return [
    app.instances.length > 1 ? `${app.name}:${instance}` : app.name,
    stateText(state, style),
    pid === null ? "" : String(pid),
    uptime === null ? "" : formatTime(uptime * 1000),
    String(restarts),
    cpu === null ? "" : `${cpu.toFixed(1)}%`,
    memory === null ? "" : formatBytes(memory),
    [reason ?? "", roots ? style.dim(app.root) : ""].filter((text) => text !== "").join("  "),
  ];
}

export function stateText(state: AppState, style: Style): string {
  switch (state) {
    case "running":
    case "healthy":
      return style.green(state);
    case "crashed":
    case "exhausted":
    case "unhealthy":
      return style.red(state);
    case "stopped":
      return style.dim(state);
    case "starting":
    case "stopping":
    case "backoff":
      return style.yellow(state);
  }
}
