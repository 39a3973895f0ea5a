import type { Command, ParsedArgs } from "../command.ts";
import { noFurther, numberFlag } from "../flag_values.ts";
import { daemonSocket, SOCKET_FLAG, socketFlag } from "./endpoint.ts";
import { type Listen, LISTEN_FLAG, listenFlag } from "./listen.ts";

export interface DaemonRunOptions {
  socket: string | undefined;
  listen: Listen;
  /** Where to say that it is ready; given by the process that starts it. */
  readyFd: number | undefined;
  /** What the daemon left whose place it takes. */
  takeOver: number | undefined;
}

export const command: Command<DaemonRunOptions> = {
  usage: [""],
  flags: [
    LISTEN_FLAG,
    SOCKET_FLAG,
    { name: "ready-fd", value: "FD", description: "Say on this descriptor when it answers", hidden: true },
    { name: "take-over", value: "FD", description: "Go on with what an earlier daemon left", hidden: true },
  ],
  parse,
  async run({ socket, ...options }, context) {
    // A module apart from the client: the daemon would hold that code for as long as it lives.
    const { runDaemon } = await import("./serve.ts");
    return await runDaemon({ socket: await daemonSocket(socket, context), ...options }, context);
  },
};

function parse(args: ParsedArgs): DaemonRunOptions {
  noFurther([...args.positional, ...args.rest]);
  return {
    socket: socketFlag(args),
    listen: listenFlag(args),
    readyFd: descriptor(args, "ready-fd"),
    takeOver: descriptor(args, "take-over"),
  };
}

function descriptor(args: ParsedArgs, flag: string): number | undefined {
  return args.flags.has(flag) ? numberFlag(args, flag, { usual: 0, most: 999_999 }) : undefined;
}
