import { ExitCode } from "../../base/exit_code.ts";
import type { DaemonStatus } from "../../protocol/methods/daemon_methods.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { JSON_FLAG, noFurther } from "../flag_values.ts";
import { connectToDaemon } from "./connection.ts";
import { daemonSocket, HOST_FLAG, SOCKET_FLAG, socketFlag } from "./endpoint.ts";

export interface DaemonStatusOptions {
  json: boolean;
  socket: string | undefined;
}

export const command: Command<DaemonStatusOptions> = {
  usage: [""],
  flags: [JSON_FLAG, HOST_FLAG, SOCKET_FLAG],
  readOnly: true,
  parse,
  async run({ json, socket }, context) {
    const { client } = await connectToDaemon(
      { socket: await daemonSocket(socket, context), spawn: false, control: true, anyHome: true },
      context,
    );
    await using daemon = client;
    const state = await daemon.request("daemon.status", {});
    if (json) await context.stdout.write(`${JSON.stringify(state, null, 2)}\n`);
    else await printStatus(state, context);
    if (context.remote === undefined) await noteOtherHome(state, context);
    return ExitCode.ok;
  },
};

function parse(args: ParsedArgs): DaemonStatusOptions {
  noFurther([...args.positional, ...args.rest]);
  return { json: args.flags.has("json"), socket: socketFlag(args) };
}

/** Its apps, log and trust are not those that this command would ask about. */
async function noteOtherHome(state: DaemonStatus, context: Context): Promise<void> {
  const { otherHome, otherHomeFix, otherHomeText } = await import("./daemon_home.ts");
  const other = otherHome(state.home, context);
  if (other === undefined) return;
  await context.stderr.write(
    `Warning: the daemon ${otherHomeText(other)}\n  ${otherHomeFix(state.socket, context)}\n`,
  );
}

async function printStatus(state: DaemonStatus, { stdout }: Context): Promise<void> {
  const { table } = await import("../../ui/table.ts");
  const { formatBytes, formatTime } = await import("../../ui/units.ts");
  await stdout.write(table([
    ["pid", String(state.pid)],
    ["version", `${state.version} (${state.build})`],
    ["up", formatTime(state.uptime_secs * 1000)],
    ["socket", state.socket],
    ["log", state.log],
    ["clients", String(state.clients)],
    ["memory", formatBytes(state.rss_bytes)],
    ...(state.internal_errors === 0 ? [] : [["internal errors", String(state.internal_errors)]]),
  ]));
}
