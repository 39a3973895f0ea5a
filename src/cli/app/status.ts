import { ExitCode } from "../../base/exit_code.ts";
import type { AppInstance, AppStatus } from "../../protocol/methods/app_methods.ts";
import { createStyle, type Style } from "../../ui/style.ts";
import { table } from "../../ui/table.ts";
import { formatBytes, formatTime } from "../../ui/units.ts";
import type { Command, Context } from "../command.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { APP_FLAGS, type AppOptions, parseAppOptions } from "./app_options.ts";
import { askInPlace } from "./ask_in_place.ts";
import { shownState, shownStateOf, stateText } from "./state_text.ts";

export const command: Command<AppOptions> = {
  usage: ["[NAME…|all]"],
  flags: APP_FLAGS,
  examples: [
    "haft app status",
    "haft app status web --json",
    "haft app status --every-project",
  ],
  completes: "apps",
  parse: parseAppOptions,
  async run({ names, everyProject, json, socket }, context) {
    const { apps } = await askInPlace(
      { names, everyProject },
      context,
      (place) =>
        withDaemon({ socket, client: "haft app" }, context, (daemon) => daemon.request("app.status", place)),
    );
    if (json) await context.stdout.write(`${JSON.stringify(apps, null, 2)}\n`);
    else await printStatus(apps, context);
    return ExitCode.ok;
  },
};

async function printStatus(apps: readonly AppStatus[], { stdout, stderr }: Context): Promise<void> {
  if (apps.length === 0) {
    await stderr.write("This project has no apps\n  Declare them under [apps] in haft.toml\n");
    return;
  }
  const style = createStyle(stdout.color);
  const roots = new Set(apps.map(({ root }) => root)).size > 1;
  await stdout.write(table([
    ["app", "state", "pid", "up", "restarts", "cpu", "memory", ""].map((title) => style.dim(title)),
    ...apps.flatMap((app) =>
      app.instances.length === 0
        ? [[
          app.name,
          stateText(shownStateOf(app), style),
          "",
          "",
          "",
          "",
          "",
          about(app, NOTHING, { style, roots }),
        ]]
        : app.instances.map((instance) => row(app, instance, { style, roots }))
    ),
  ], stdout));
  for (const { name, pending, instances } of apps) {
    if (pending.length === 0 || instances.every(({ pid }) => pid === null)) continue;
    await stderr.write(
      `Note: ${name} still runs with its former ${
        pending.join(", ")
      }; "haft app restart ${name}" applies the new\n`,
    );
  }
}

function row(
  app: AppStatus,
  {
    instance,
    state,
    pid,
    uptime_secs: uptime,
    restarts,
    restart_reason: restartReason,
    cpu_percent: cpu,
    memory_bytes: memory,
    reason,
    exit_code: exitCode,
    port,
  }: AppInstance,
  { style, roots }: { style: Style; roots: boolean },
): string[] {
  return [
    app.instances.length > 1 ? `${app.name}:${instance}` : app.name,
    stateText(shownState({ state, exit_code: exitCode }, app), style),
    pid === null ? "" : String(pid),
    uptime === null ? "" : formatTime(uptime * 1000),
    String(restarts),
    cpu === null ? "" : `${cpu.toFixed(1)}%`,
    memory === null ? "" : formatBytes(memory),
    about(app, {
      reason: reason ?? (restartReason === null ? null : `restarted: ${restartReason}`),
      port,
    }, { style, roots }),
  ];
}

/** What else is to be said of an app: the port it was given, a reason, its next run, its project. */
function about(
  { next_run: nextRun, root }: AppStatus,
  { reason, port }: Pick<AppInstance, "reason" | "port">,
  { style, roots }: { style: Style; roots: boolean },
): string {
  return [
    port === null ? "" : `port ${port}`,
    reason ?? "",
    nextRun === null ? "" : `next run ${new Date(nextRun).toLocaleString("sv-SE")}`,
    roots ? style.dim(root) : "",
  ].filter((text) => text !== "").join("  ");
}

const NOTHING = { reason: null, port: null };
