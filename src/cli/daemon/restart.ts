import type { Command } from "../command.ts";
import { daemonSocket } from "./endpoint.ts";
import { type DaemonStartOptions, parseStart, START_FLAGS, startAt } from "./start.ts";
import { stopAt } from "./stop.ts";

export const command: Command<DaemonStartOptions> = {
  usage: [""],
  flags: START_FLAGS,
  parse: parseStart,
  async run(options, context) {
    const socket = await daemonSocket(options.socket, context);
    await stopAt(socket, { keepApps: true }, context);
    return await startAt(socket, options, context);
  },
};
