import { ExitCode } from "../../base/exit_code.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { noFurther } from "../flag_values.ts";
import { connectToDaemon, isAbsent } from "./connection.ts";
import { daemonSocket, SOCKET_FLAG, socketFlag } from "./endpoint.ts";

export interface DaemonStopOptions {
  /** Leave apps and tasks running. */
  keepApps: boolean;
  socket: string | undefined;
}

export const command: Command<DaemonStopOptions> = {
  usage: [""],
  flags: [{ name: "keep-apps", description: "Leave apps and tasks running" }, SOCKET_FLAG],
  parse,
  async run({ keepApps, socket }, context) {
    await stopAt(await daemonSocket(socket, context), { keepApps }, context);
    return ExitCode.ok;
  },
};

function parse(args: ParsedArgs): DaemonStopOptions {
  noFurther([...args.positional, ...args.rest]);
  return { keepApps: args.flags.has("keep-apps"), socket: socketFlag(args) };
}

/** Resolves when the daemon has closed the connection: then it has given up its socket, too. */
export async function stopAt(
  socket: string,
  { keepApps }: Pick<DaemonStopOptions, "keepApps">,
  context: Context,
): Promise<void> {
  try {
    const { client } = await connectToDaemon({ socket, spawn: false, anyVersion: true }, context);
    await using daemon = client;
    await daemon.request("daemon.shutdown", { keep_apps: keepApps });
    await interruptible(daemon.closed, context.signal);
    await context.stderr.write(`The daemon, pid ${daemon.ack.pid}, has stopped\n`);
  } catch (error) {
    if (!isAbsent((error as Error).cause)) throw error;
    await context.stderr.write("No daemon is running\n");
  }
}

/** Exits on Ctrl-C even if the daemon is still shutting down. */
async function interruptible(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}
