/** `haft task start NAME --on role=build`: into the fleet's queue, for one of these hosts or for each. */
import { UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { connectFleet, type FleetConnection } from "../../fleet/connect.ts";
import { hostPool } from "../../fleet/subjects.ts";
import { ANY_POOL, labelPool } from "../../fleet/tasks/pools.ts";
import { TaskClient } from "../../fleet/tasks/task_client.ts";
import type { Context } from "../command.ts";
import { startRequest, type TaskStartOptions } from "./task_options.ts";
import { type HostSelector, parseHostSelector } from "../fleet/host_flag.ts";
import { hostsOf, isOneThere } from "../fleet/hosts_of.ts";
import { fleetSettings } from "../fleet/membership.ts";

export async function startOnFleet(
  options: TaskStartOptions & { on: string },
  context: Context,
): Promise<ExitCode> {
  if (options.envFiles.length > 0) {
    throw new UsageError("--env-file is read here, and --on runs the task elsewhere");
  }
  const selector = parseHostSelector(options.on);
  const settings = fleetSettings(context);
  await using connection = await connectFleet(settings, { name: "haft task start", stay: false });
  const pools = options.all ? await poolsOfEach(selector, connection, settings.name) : [poolOf(selector)];
  const tasks = await TaskClient.open(connection, settings.name);
  const cwd = selector.directory ?? context.cwd;
  for (const name of options.command.length > 0 ? [undefined] : options.names) {
    const request = startRequest(name, options, { cwd, env: undefined });
    for (const pool of pools) {
      const id = await tasks.send({ pool, host: settings.host, request });
      await context.stdout.write(options.json ? `${JSON.stringify({ id, pool })}\n` : `${id}\n`);
    }
  }
  if (!await isOneThere(selector, { connection, fleet: settings.name })) {
    await context.stderr.write(
      `Note: no host that is there matches --on ${options.on}; the task waits in the queue until one comes\n` +
        '  Run "haft fleet ls" for those that are there\n',
    );
  }
  return ExitCode.ok;
}

async function poolsOfEach(
  selector: HostSelector,
  connection: FleetConnection,
  fleet: string,
): Promise<string[]> {
  return (await hostsOf(selector, { connection, fleet })).map(hostPool);
}

/** As `[fleet]` has them. */
const LABEL = /^[A-Za-z0-9._-]{1,63}$/;

/** @throws {UsageError} when it is more than one queue can serve */
function poolOf({ kind, names, labels }: HostSelector): string {
  if (kind === "all") return ANY_POOL;
  const [label, ...more] = Object.entries(labels);
  const [name, ...further] = names;
  if (name !== undefined && further.length === 0) return hostPool(name);
  if (label !== undefined && more.length === 0 && label.every((part) => LABEL.test(part))) {
    return labelPool(...label);
  }
  throw new UsageError("--on takes one host, one label or *", {
    next: "For several hosts or labels, add --all: each of these hosts then runs the task once",
  });
}
