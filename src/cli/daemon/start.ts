import { HaftError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { JSON_FLAG, noFurther } from "../flag_values.ts";
import { connectToDaemon } from "./connection.ts";
import { daemonSocket, SOCKET_FLAG, socketFlag } from "./endpoint.ts";
import { type Listen, LISTEN_FLAG, listenFlag, listenText } from "./listen.ts";

export interface DaemonStartOptions {
  socket: string | undefined;
  listen: Listen;
  json: boolean;
}

export const START_FLAGS = [LISTEN_FLAG, JSON_FLAG, SOCKET_FLAG];

export const command: Command<DaemonStartOptions> = {
  usage: [""],
  flags: START_FLAGS,
  examples: ["haft daemon start", "haft daemon start --listen vx=/run/user/1000/vx.sock"],
  parse: parseStart,
  run: async (options, context) =>
    await startAt(await daemonSocket(options.socket, context), options, context),
};

export function parseStart(args: ParsedArgs): DaemonStartOptions {
  noFurther([...args.positional, ...args.rest]);
  return { socket: socketFlag(args), listen: listenFlag(args), json: args.flags.has("json") };
}

/** The options as a daemon's arguments. */
export function listenArguments({ listen }: Pick<DaemonStartOptions, "listen">): string[] {
  const listening = listenText(listen);
  return listening === "" ? [] : ["--listen", listening];
}

/**
 * Starts the daemon where none answers, and says which process it is.
 *
 * @param options.onItsWay it takes an earlier one's place in this moment
 */
export async function startAt(
  socket: string,
  { json, listen, onItsWay = false }: Pick<DaemonStartOptions, "json" | "listen"> & { onItsWay?: boolean },
  context: Context,
): Promise<ExitCode> {
  const args = listenArguments({ listen });
  const connected = await connectToDaemon({ socket, spawn: true, args }, context);
  await using client = connected.client;
  const started = connected.started || onItsWay;
  const { pid } = client.ack;
  if (!started && args.length > 0) {
    throw new HaftError(`The daemon is running already, pid ${pid}, and --listen counts when it starts`, {
      next: `Run "haft daemon restart ${args.join(" ")}"; apps and tasks go on`,
    });
  }
  await context.stdout.write(
    json
      ? `${JSON.stringify({ pid, socket, started })}\n`
      : `The daemon ${started ? "answers" : "is running already"}, pid ${pid}\n`,
  );
  return ExitCode.ok;
}
