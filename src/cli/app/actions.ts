import { HaftError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import type { AppOutcome, AppStatus } from "../../protocol/methods/app_methods.ts";
import { loadProject } from "../../tools/project/load_project.ts";
import type { Context } from "../command.ts";
import { connectToDaemon } from "../daemon_connection.ts";
import { asRemoteError } from "../remote_error.ts";
import type { AppCommandOptions } from "./options.ts";

/** Which apps are meant, as the daemon's methods take it. */
export interface Selection {
  root?: string;
  names: string[];
}

export async function runAppAction(
  options: AppCommandOptions,
  socket: string,
  context: Context,
): Promise<ExitCode> {
  const { client } = await connectToDaemon({ socket, spawn: true, client: "haft app" }, context);
  await using daemon = client;
  const selection = selectionOf(options, context);
  try {
    return await act(daemon, { options, selection }, context);
  } catch (error) {
    throw asRemoteError(error);
  }
}

async function act(
  daemon: DaemonClient,
  { options, selection }: { options: AppCommandOptions; selection: Selection },
  context: Context,
): Promise<ExitCode> {
  const { signal } = context;
  switch (options.action) {
    case "start": {
      const config = options.command.length === 0
        ? {}
        : { config: { command: options.command, cwd: context.cwd } };
      return await report(
        daemon.request("app.start", { ...selection, ...config }, { signal }),
        options,
        context,
      );
    }
    case "stop":
    case "restart":
      return await report(daemon.request(`app.${options.action}`, selection, { signal }), options, context);
    case "down":
      return await report(
        daemon.request("app.down", { ...selection, root: rootOf(context) }, { signal }),
        options,
        context,
      );
    case "delete":
      return await report(
        daemon.request("app.delete", { ...selection, logs: options.force }, { signal }),
        options,
        context,
      );
    case "status":
      return await (await import("./status.ts")).status(daemon, { options, selection }, context);
    case "list": {
      const root = options.names[0] === "all" ? {} : { root: rootOf(context) };
      const { apps } = await daemon.request("app.list", root);
      await context.stdout.write(
        options.json ? `${JSON.stringify(apps, null, 2)}\n` : apps.map(({ name }) => `${name}\n`).join(""),
      );
      return ExitCode.ok;
    }
    case "logs":
      return await (await import("./logs.ts")).logs(daemon, { options, selection }, context);
    case "up":
      return await (await import("./up.ts")).up(daemon, { options, selection }, context);
    case "top":
      return await (await import("./top.ts")).top(daemon, selection, context);
    case "save": {
      const { path, apps } = await daemon.request("app.save", { force: options.force });
      await context.stderr.write(`${apps.length} ${apps.length === 1 ? "app" : "apps"} kept in ${path}\n`);
      return ExitCode.ok;
    }
    case "import":
      throw new Error("import needs no daemon");
    case "restore":
      return await report(daemon.request("app.restore", {}, { signal }), options, context);
  }
}

/** What became of each app: a line for each, and the exit code of the worst. */
async function report(
  request: Promise<{ apps?: AppStatus[]; outcomes: AppOutcome[] }>,
  { json, action }: AppCommandOptions,
  { stdout, stderr }: Context,
): Promise<ExitCode> {
  const result = await request;
  if (json) await stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  const failed = result.outcomes.filter(({ error }) => error !== null);
  if (!json) {
    for (const { name, error } of result.outcomes) {
      const app = result.apps?.find((one) => one.name === name);
      if (error !== null) await stderr.write(`${name}: ${error}\n`);
      else await stdout.write(`${name}: ${action === "delete" ? "deleted" : describe(app)}\n`);
    }
    if (result.outcomes.length === 0) await stderr.write("There is no app to do that with\n");
  }
  return failed.length === 0 ? ExitCode.ok : ExitCode.failed;
}

function describe(app: AppStatus | undefined): string {
  if (app === undefined) return "done";
  const pids = app.instances.flatMap(({ pid }) => pid ?? []);
  return pids.length === 0 ? app.state : `${app.state}, pid ${pids.join(", ")}`;
}

function selectionOf({ names, action }: AppCommandOptions, context: Context): Selection {
  if (names.length === 1 && names[0] === "all" && action !== "start") return { names: [] };
  if (names.includes("all")) {
    throw new HaftError('"all" stands alone', {
      next: "Name the apps, or write all, or nothing",
      exitCode: ExitCode.usage,
    });
  }
  return { root: rootOf(context), names: [...names] };
}

/** The directory that the project's apps are known by. */
export function rootOf(context: Context): string {
  return loadProject(context.cwd, context).root;
}
