import { ExitCode } from "../../base/exit_code.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import { counted } from "../../ui/text.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { noFurther } from "../flag_values.ts";
import { connectToDaemon, isAbsent } from "./connection.ts";
import { daemonSocket, SOCKET_FLAG, socketFlag } from "./endpoint.ts";
import { interruptible } from "./make_way.ts";

export interface DaemonStopOptions {
  /** Leave apps and tasks running. */
  keepApps: boolean;
  json: boolean;
  socket: string | undefined;
}

export const command: Command<DaemonStopOptions> = {
  usage: [""],
  flags: [{ name: "keep-apps", description: "Leave apps and tasks running" }, {
    name: "json",
    description: "Print JSON: {pid}, null where no daemon ran",
  }, SOCKET_FLAG],
  parse,
  async run({ keepApps, json, socket }, context) {
    const pid = await stopAt(await daemonSocket(socket, context), { keepApps }, context);
    if (json) await context.stdout.write(`${JSON.stringify({ pid: pid ?? null })}\n`);
    return ExitCode.ok;
  },
};

function parse(args: ParsedArgs): DaemonStopOptions {
  noFurther([...args.positional, ...args.rest]);
  const { flags } = args;
  return { keepApps: flags.has("keep-apps"), json: flags.has("json"), socket: socketFlag(args) };
}

/**
 * Resolves when the daemon has closed the connection: then it has given up its socket and its lock, too.
 *
 * @returns its process; undefined where none ran
 */
export async function stopAt(
  socket: string,
  { keepApps }: Pick<DaemonStopOptions, "keepApps">,
  context: Context,
): Promise<number | undefined> {
  let pid: number | undefined;
  await withRunning(socket, context, { anyHome: true }, async (daemon, work) => {
    pid = daemon.ack.pid;
    await daemon.request("daemon.shutdown", { keep_apps: keepApps });
    await interruptible(daemon.closed, context.signal);
    const rest = work === "" ? "" : keepApps ? `; ${work} left running` : `, and with it ${work}`;
    const home = await homeText(daemon, context);
    await context.stderr.write(`The daemon${home}, pid ${pid}, has stopped${rest}\n`);
  });
  return pid;
}

/** ` of another home, "/x"`, or nothing where the home is this command's. */
async function homeText(daemon: DaemonClient, context: Context): Promise<string> {
  const { otherHome } = await import("./daemon_home.ts");
  const other = otherHome(daemon.ack.home, context);
  return other === undefined ? "" : ` of another home, "${other.theirs}"`;
}

/** Does nothing where no daemon runs. @param use gets what it looks after, as text */
export async function withRunning(
  socket: string,
  context: Context,
  { anyHome }: { anyHome: boolean },
  use: (daemon: DaemonClient, work: string) => Promise<void>,
): Promise<void> {
  try {
    const { client } = await connectToDaemon({
      socket,
      spawn: false,
      control: true,
      anyVersion: true,
      anyHome,
    }, context);
    await using daemon = client;
    await use(daemon, await runningWork(daemon));
  } catch (error) {
    if (!isAbsent((error as Error).cause)) throw error;
    await context.stderr.write("No daemon is running\n");
  }
}

/**
 * The daemon's apps and tasks that run: `2 apps and 1 task`; empty where there are none, or where an older
 * daemon cannot say.
 */
async function runningWork(daemon: DaemonClient): Promise<string> {
  try {
    const [{ apps }, { tasks }] = await Promise.all([
      daemon.request("app.status", { names: [] }),
      daemon.request("task.list", { limit: 500 }),
    ]);
    const running = apps.filter(({ instances }) => instances.some(({ pid }) => pid !== null)).length;
    // Tasks in front have no client: they are their own process's, and go on.
    const open = tasks.filter(({ state, client_id }) =>
      client_id !== null && (state === "running" || state === "queued")
    ).length;
    return [[running, "app"], [open, "task"]].flatMap(([count, noun]) =>
      typeof count === "number" && count > 0 ? [counted(count, String(noun))] : []
    ).join(" and ");
  } catch {
    return "";
  }
}
