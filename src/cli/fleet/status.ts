import { ExitCode } from "../../base/exit_code.ts";
import type { FleetStatus } from "../../protocol/methods/fleet_methods.ts";
import type { Command } from "../command.ts";
import { SOCKET_FLAG, socketFlag } from "../daemon/endpoint.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { JSON_FLAG, noFurther } from "../flag_values.ts";

export interface FleetStatusOptions {
  json: boolean;
  socket: string | undefined;
}

export const command: Command<FleetStatusOptions> = {
  usage: [""],
  flags: [JSON_FLAG, SOCKET_FLAG],
  parse(args) {
    noFurther([...args.positional, ...args.rest]);
    return { json: args.flags.has("json"), socket: socketFlag(args) };
  },
  async run({ json, socket }, context) {
    const status = await withDaemon(
      { socket, client: "haft fleet" },
      context,
      (daemon) => daemon.request("fleet.status", {}),
    );
    const good = status.state === "connected" || status.state === "off";
    if (json) await context.stdout.write(`${JSON.stringify(status, null, 2)}\n`);
    else if (status.state === "off") await context.stdout.write("This machine is in no fleet\n");
    else {
      const { table } = await import("../../ui/table.ts");
      await context.stdout.write(table([
        ["fleet", status.fleet ?? ""],
        ["host", status.host ?? ""],
        ["state", status.state],
        ["since", new Date(status.since).toLocaleString("sv-SE")],
        ["servers", status.servers.join(", ")],
        ["key", status.key ?? ""],
        ["allowed senders", String(status.allowed)],
        ["open sessions", String(status.sessions)],
        ["events", eventsText(status.events)],
        ...(status.error === null ? [] : [["error", status.error]]),
      ]));
    }
    return good ? ExitCode.ok : ExitCode.transport;
  },
};

function eventsText({ published, dropped, error }: FleetStatus["events"]): string {
  const lost = dropped === 0 ? "" : `, ${dropped} dropped`;
  return `${published} published${lost}${error === null ? "" : `; they wait: ${error}`}`;
}
