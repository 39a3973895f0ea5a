import type { Command, Context } from "../command.ts";
import { daemonSocket } from "./endpoint.ts";
import { makeWay } from "./make_way.ts";
import { type DaemonStartOptions, listenArguments, parseStart, START_FLAGS, startAt } from "./start.ts";
import { withRunning } from "./stop.ts";

export const command: Command<DaemonStartOptions> = {
  usage: [""],
  flags: START_FLAGS,
  parse: parseStart,
  async run(options, context) {
    const { readUserConfig } = await import("../../tools/project/user_config.ts");
    // A daemon refuses to start with wrong settings: the old one goes on until they are right.
    readUserConfig(context.paths.config);
    const socket = await daemonSocket(options.socket, context);
    const onItsWay = await replaceAt(socket, options, context);
    return await startAt(socket, { ...options, onItsWay }, context);
  },
};

/** @returns whether the new daemon is on its way already */
async function replaceAt(socket: string, options: DaemonStartOptions, context: Context): Promise<boolean> {
  let onItsWay = false;
  await withRunning(socket, context, { anyHome: false }, async (daemon, work) => {
    onItsWay = await makeWay(daemon, { socket, args: listenArguments(options) }, context);
    const end = onItsWay ? "hands over to this haft in the same process" : "has stopped";
    const rest = work === "" ? "" : onItsWay ? `, and leaves ${work} to the next` : `; ${work} left running`;
    await context.stderr.write(`The daemon, pid ${daemon.ack.pid}, ${end}${rest}\n`);
  });
  return onItsWay;
}
