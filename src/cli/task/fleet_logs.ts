/** `haft task logs` of a task of the fleet's queue: the host that runs it, or ran it last, is asked. */
import { setTimeout as delay } from "node:timers/promises";
import { HaftError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { ChannelError } from "../../channel/errors.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import { connectFleet } from "../../fleet/connect.ts";
import { TaskClient } from "../../fleet/tasks/task_client.ts";
import type { FleetTask } from "../../fleet/tasks/task_steps.ts";
import type { Context } from "../command.ts";
import { asRemoteError } from "../daemon/remote_error.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { fleetSettings } from "../fleet/membership.ts";
import { remoteHost } from "../fleet/on_hosts.ts";
import { failureText } from "./failure_text.ts";
import { followRemoteLog, printRemoteLog, type RemoteLogOptions } from "./remote_log.ts";

const LOOK_MS = 500;

export async function printFleetLogs(
  { id, follow, ...options }: RemoteLogOptions & { follow: boolean },
  context: Context,
): Promise<ExitCode> {
  const { signal, stderr, stdout } = context;
  const settings = fleetSettings(context);
  await using connection = await connectFleet(settings, { name: "haft task logs", stay: true });
  const client = await TaskClient.open(connection, settings.name);
  const ask = <Result>(host: string, work: (daemon: DaemonClient) => Promise<Result>): Promise<Result> => {
    const there = { ...context, remote: remoteHost(host, { connection, settings, context }) };
    return withDaemon({ socket: undefined, client: "haft task logs" }, there, work).catch((error) => {
      throw asRemoteError(error);
    });
  };
  let task = await client.status(id);
  if (!follow) {
    const { host, local_id: local } = task;
    if (host === null || local === null) throw notBegun(task);
    const count = await ask(host, (daemon) => printRemoteLog(daemon, { id: local, ...options }, context));
    if (count === 0 && !options.json) {
      await stderr.write(`The log of ${id} is empty: it printed nothing\n${failureText(task)}`);
    }
    return ExitCode.ok;
  }
  /** The attempt whose log was printed to its end, or until its host was lost. */
  let printed = 0;
  while (!signal.aborted && !stdout.closed) {
    const { host, local_id: local, attempt } = task;
    if (host !== null && local !== null && attempt > printed) {
      printed = attempt;
      try {
        await ask(host, (daemon) => followRemoteLog(daemon, { id: local, ...options }, context));
      } catch (error) {
        // The host is gone; another one may go on with the task.
        if (!(error instanceof ChannelError) || task.ended_at !== null) throw error;
        await stderr.write(`${error.message}\n`);
      }
    }
    if (task.ended_at !== null) {
      if (!options.json) await stderr.write(failureText(task));
      return ExitCode.ok;
    }
    await delay(LOOK_MS, undefined, { signal }).catch(() => {});
    task = await client.status(id);
  }
  return signal.aborted ? ExitCode.interrupted : ExitCode.ok;
}

function notBegun({ id, state, error }: FleetTask): HaftError {
  return new HaftError(
    state === "queued"
      ? `Task ${id} is queued, and has printed nothing`
      : `Task ${id} never ran${error === null ? "" : `: ${error}`}`,
    {
      next: `Run "haft task logs -f ${id}" to wait for it, or "haft task status ${id}"`,
      exitCode: ExitCode.remote,
    },
  );
}
