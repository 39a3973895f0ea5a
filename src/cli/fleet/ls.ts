import { ExitCode } from "../../base/exit_code.ts";
import type { SeenHost } from "../../fleet/presence.ts";
import type { Command, Context } from "../command.ts";
import { JSON_FLAG, noFurther } from "../flag_values.ts";
import { fleetSettings } from "./membership.ts";

/** Clocks that differ by more are worth a word. */
const SKEW_MS = 2_000;

export const command: Command<{ json: boolean }> = {
  usage: [""],
  flags: [JSON_FLAG],
  parse(args) {
    noFurther([...args.positional, ...args.rest]);
    return { json: args.flags.has("json") };
  },
  async run({ json }, context) {
    const settings = fleetSettings(context);
    const [{ connectFleet }, { Presence }] = await Promise.all([
      import("../../fleet/connect.ts"),
      import("../../fleet/presence.ts"),
    ]);
    await using connection = await connectFleet(settings, { name: "haft fleet ls", stay: false });
    const hosts = await (await Presence.open(connection.nats, settings.name)).list();
    if (json) await context.stdout.write(`${JSON.stringify(hosts.map(asJson), null, 2)}\n`);
    else await print(hosts, { own: settings.host, context });
    return ExitCode.ok;
  },
};

/** How far the host's clock is before the server's; a message takes far less than a second. */
function skewOf({ record: { time }, seenAt }: SeenHost): number {
  return time - seenAt;
}

function asJson(seen: SeenHost) {
  const { instance: _, ...record } = seen.record;
  return { ...record, last_seen: seen.seenAt, clock_skew_ms: skewOf(seen) };
}

async function print(
  hosts: readonly SeenHost[],
  { own, context: { stdout, stderr, version } }: { own: string; context: Context },
): Promise<void> {
  if (hosts.length === 0) {
    await stderr.write('No host is there\n  Run "haft daemon start" on a host that has joined\n');
    return;
  }
  const [{ table }, { createStyle }, { formatTime }] = await Promise.all([
    import("../../ui/table.ts"),
    import("../../ui/style.ts"),
    import("../../ui/units.ts"),
  ]);
  const style = createStyle(stdout.color);
  // By the server's clock, which this machine knows by its own record; its own clock may be off.
  const mine = hosts.find(({ record }) => record.host === own);
  const now = mine === undefined ? Math.max(...hosts.map(({ seenAt }) => seenAt)) : Date.now() - skewOf(mine);
  await stdout.write(table([
    ["host", "version", "labels", "load", "cores", "platform", "seen", ""].map((title) => style.dim(title)),
    ...hosts.map((seen) => {
      const { record, seenAt } = seen;
      const skew = skewOf(seen);
      return [
        record.host,
        record.version,
        Object.entries(record.labels).map(([key, value]) => `${key}=${value}`).join(" "),
        record.load.toFixed(2),
        String(record.cores),
        record.platform,
        `${formatTime(Math.max(0, now - seenAt))} ago`,
        [
          record.host === own ? "this machine" : "",
          record.version === version ? "" : "another version than here",
          Math.abs(skew) < SKEW_MS
            ? ""
            : `its clock is ${formatTime(Math.abs(skew))} ${skew > 0 ? "ahead" : "behind"}`,
        ].filter((text) => text !== "").join(", "),
      ];
    }),
  ], stdout));
}
