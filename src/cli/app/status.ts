import { existsSync } from "node:fs";
import { errorMessage } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import type { AppInstance, AppStatus } from "../../protocol/methods/app_methods.ts";
import { createStyle, type Style } from "../../ui/style.ts";
import { table } from "../../ui/table.ts";
import type { SeenCopy } from "../../fleet/apps/app_client.ts";
import { formatBytes, formatTime } from "../../ui/units.ts";
import type { Command, Context } from "../command.ts";
import { shortPath } from "../short_path.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { APP_FLAGS, type AppOptions, meansAll, NO_APPS_ANYWHERE, parseAppOptions } from "./app_options.ts";
import { askInPlace } from "./ask_in_place.ts";
import type { ShownApp } from "./fleet_status.ts";
import { type StartedApp, startedOverHosts } from "./started_over_hosts.ts";
import { shownState, shownStateOf, stateText } from "./state_text.ts";
import { nothingHereText } from "../../ui/nothing_here.ts";

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
  async run(options, context) {
    const { everyProject, json } = options;
    const names = meansAll(options.names) ? [] : options.names;
    const started = startedOverHosts({ everyProject }, context)
      .filter(({ name }) => names.length === 0 || names.includes(name));
    const apps = await appsHere(options, started, context);
    const hasHosts = context.remote === undefined && apps.some(({ hosts }) => hosts !== null);
    const shown: ShownApp[] = hasHosts || started.length > 0
      ? await (await import("./fleet_status.ts")).withCopies(apps, started, context)
      : apps.map((app) => ({ app, copies: undefined }));
    if (json) {
      const all = shown.map(({ app, copies }) => copies === undefined ? app : { ...app, copies });
      await context.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
    } else await printStatus(shown, { everyProject, context });
    return ExitCode.ok;
  },
};

/** What this machine's daemon says of them; it need not know those that other hosts run. */
async function appsHere(
  { names, everyProject, socket }: AppOptions,
  started: readonly StartedApp[],
  context: Context,
): Promise<AppStatus[]> {
  const ask = async (chosen: readonly string[]) => {
    const answer = await askInPlace(
      { names: chosen, everyProject },
      context,
      (place) =>
        withDaemon({ socket, client: "haft app" }, context, (daemon) => daemon.request("app.status", place)),
    );
    return answer.apps;
  };
  const isStarted = (name: string) => started.some((one) => one.name === name);
  try {
    return await ask(names);
  } catch (error) {
    if (started.length === 0 || !names.every(isStarted)) throw error;
  }
  try {
    return (await ask([])).filter(({ name }) => names.length === 0 || names.includes(name));
  } catch (error) {
    // What runs on other machines is shown, whatever is wrong with the manifest here.
    await context.stderr.write(`Note: ${errorMessage(error)}\n`);
    return [];
  }
}

/** Each project's directory as it is shown; empty where one project alone is. */
type Places = ReadonlyMap<string, string>;

async function printStatus(
  shown: readonly ShownApp[],
  { everyProject, context: { stdout, stderr, home, remote } }: { everyProject: boolean; context: Context },
): Promise<void> {
  const apps = shown.map(({ app }) => app);
  if (apps.length === 0) {
    await stderr.write(everyProject ? NO_APPS_ANYWHERE : nothingHereText("apps"));
    return;
  }
  const style = createStyle(stdout.color);
  const roots = [...new Set(apps.map(({ root }) => root))];
  // Another host's directories cannot be seen from here.
  const gone = new Set(remote === undefined ? roots.filter((root) => !existsSync(root)) : []);
  const places: Places = everyProject || roots.length > 1
    ? new Map(
      roots.map((root) => [root, `${shortPath(root, home)}${gone.has(root) ? ", which is gone" : ""}`]),
    )
    : new Map();
  await stdout.write(table([
    ["app", "state", "pid", "up", "restarts", "cpu", "memory", ""].map((title) => style.dim(title)),
    ...shown.flatMap(({ app, copies }) =>
      copies !== undefined ? copyRows(app, copies, style) : app.instances.length === 0
        ? [[
          app.name,
          stateText(shownStateOf(app), style),
          "",
          "",
          "",
          "",
          "",
          about(app, NOTHING, { style, places }),
        ]]
        : app.instances.map((instance) => row(app, instance, { style, places }))
    ),
  ], stdout));
  const left = apps.filter(({ root, instances }) =>
    gone.has(root) && instances.some(({ pid }) => pid !== null)
  );
  if (left.length > 0) {
    const names = [...new Set(left.map(({ name }) => name))].join(" ");
    await stderr.write(
      `Note: the project of ${names} is gone; "haft app stop ${names} --every-project" stops what runs\n`,
    );
  }
  for (const { name, pending, instances } of apps) {
    if (pending.length === 0 || instances.every(({ pid }) => pid === null)) continue;
    await stderr.write(
      `Note: ${name} still runs with its former ${
        pending.join(", ")
      }; "haft app restart ${name}" applies the new\n`,
    );
  }
}

/** One row for each copy, with the host that has it. */
function copyRows(app: AppStatus, copies: readonly SeenCopy[], style: Style): string[][] {
  if (copies.length === 0) return [[app.name, style.dim("stopped"), "", "", "", "", "", `for ${app.hosts}`]];
  return copies.map(({ copy, host, state, reason, pid }) => [
    copies.length > 1 ? `${app.name}#${copy}` : app.name,
    copyStateText(state, style),
    pid === null ? "" : String(pid),
    ...["", "", "", ""],
    [host === null ? "" : `on ${host}`, oneLine(reason)].filter((text) => text !== "").join("  "),
  ]);
}

/** A reason can be an error of several lines. */
function oneLine(reason: string | null): string {
  return (reason ?? "").replaceAll(/\s*\n\s*/g, " ");
}

function copyStateText(state: SeenCopy["state"], style: Style): string {
  if (state === "lost") return style.red(state);
  if (state === null || state === "waiting" || state === "updating") return style.yellow(state ?? "waiting");
  return stateText(state, style);
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
  { style, places }: { style: Style; places: Places },
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
    }, { style, places }),
  ];
}

/** What else is to be said of an app: the port it was given, a reason, its next run, its project. */
function about(
  { next_run: nextRun, root }: AppStatus,
  { reason, port }: Pick<AppInstance, "reason" | "port">,
  { style, places }: { style: Style; places: Places },
): string {
  return [
    port === null ? "" : `port ${port}`,
    oneLine(reason),
    nextRun === null ? "" : `next run ${new Date(nextRun).toLocaleString("sv-SE")}`,
    style.dim(places.get(root) ?? ""),
  ].filter((text) => text !== "").join("  ");
}

const NOTHING = { reason: null, port: null };
