/**
 * `haft fleet sync --on role=build`: every host installs what its own lock file says, and each artifact comes
 * to the fleet once.
 */
import { errorMessage, HaftError, UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import { syncEventOf } from "../../protocol/install_events.ts";
import type { SyncEvent } from "../../protocol/sync_event.ts";
import { reportOutcome } from "../../ui/report_outcome.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { asRemoteError } from "../daemon/remote_error.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { JSON_FLAG, noFurther, numberFlag, textFlag } from "../flag_values.ts";
import { syncAudience } from "../sync_observer.ts";
import { type HostSelector, parseHostSelector } from "./host_flag.ts";
import { failedHost, type HostOutcome, reportHosts } from "./host_outcomes.ts";
import { HostsBoard } from "./hosts_board.ts";
import { hostsOf } from "./hosts_of.ts";
import { fleetSettings } from "./membership.ts";
import { directoryOn, remoteHost } from "./on_hosts.ts";

export interface FleetSyncOptions {
  selector: HostSelector;
  jobs: number | undefined;
  force: boolean;
  json: boolean;
  quiet: boolean;
}

const MOST_JOBS = 64;

export const command: Command<FleetSyncOptions> = {
  usage: ["--on HOSTS"],
  flags: [
    {
      name: "on",
      value: "HOSTS",
      description: "Which hosts: web1, web1,web2, role=build or *; a directory there follows a colon",
    },
    { name: "force", short: "f", description: "Install again what is there" },
    { name: "jobs", short: "j", value: "N", description: "Tools at a time on each host" },
    { name: "quiet", short: "q", description: "Print failures only" },
    JSON_FLAG,
  ],
  examples: ["haft fleet sync --on role=build", "haft fleet sync --on '*:/srv/web' --json"],
  parse,
  run,
};

function parse(args: ParsedArgs): FleetSyncOptions {
  noFurther([...args.positional, ...args.rest]);
  const on = textFlag(args, "on");
  if (on === undefined) {
    throw new UsageError("On which hosts? --on was not given", {
      next: "Write --on web1, --on role=build or --on '*'; a directory there follows a colon",
    });
  }
  return {
    selector: parseHostSelector(on),
    jobs: args.flags.has("jobs")
      ? numberFlag(args, "jobs", { usual: 1, least: 1, most: MOST_JOBS })
      : undefined,
    force: args.flags.has("force"),
    json: args.flags.has("json"),
    quiet: args.flags.has("quiet"),
  };
}

async function run(options: FleetSyncOptions, context: Context): Promise<ExitCode> {
  const { selector, json, quiet } = options;
  const { stdout, stderr, home, signal } = context;
  const settings = fleetSettings(context);
  const { connectFleet } = await import("../../fleet/connect.ts");
  await using connection = await connectFleet(settings, { name: "haft fleet sync", stay: false });
  const hosts = await hostsOf(selector, { connection, fleet: settings.name });
  const audience = syncAudience(context, { json: false, quiet: quiet || json });
  const board = new HostsBoard(audience, { hosts: hosts.length });
  const line = (value: object) => json ? stdout.write(`${JSON.stringify(value)}\n`) : Promise.resolve();
  const outcomes = await Promise.all(hosts.map(async (host): Promise<HostOutcome> => {
    const there = {
      ...context,
      cwd: directoryOn(host, selector, { settings, context }),
      remote: remoteHost(host, { connection, settings, context }),
    };
    const emit = (event: SyncEvent) => {
      board.event(host, event);
      void line({ host, data: event });
    };
    try {
      const ok = await withDaemon(
        { socket: undefined, client: "haft fleet sync" },
        there,
        (daemon) => syncThere(daemon, options, { cwd: there.cwd, signal, emit }),
      );
      return { host, code: ok ? ExitCode.ok : ExitCode.failed, silent: false };
    } catch (thrown) {
      const error = asRemoteError(thrown);
      const next = error instanceof HaftError ? error.next ?? null : null;
      const outcome = failedHost(host, error);
      board.failed(host, { error: errorMessage(error), next });
      await line({ host, error: { message: errorMessage(error), next, exit_code: outcome.code } });
      return outcome;
    }
  }));
  await board.close();
  if (!json) await reportOutcome(audience.state, { stdout, stderr, home, quiet });
  if (signal.aborted) return ExitCode.interrupted;
  return await reportHosts(outcomes, context);
}

/** @returns whether all of the host's tools are there */
async function syncThere(
  daemon: DaemonClient,
  { force, jobs }: FleetSyncOptions,
  { cwd, signal, emit }: { cwd: string; signal: AbortSignal; emit(event: SyncEvent): void },
): Promise<boolean> {
  const params = { cwd, locked: true, share: true, force, ...(jobs === undefined ? {} : { jobs }) };
  const { ok } = await daemon.request("tool.sync", params, {
    signal,
    onProgress(type, data) {
      const event = syncEventOf(type, data);
      if (event !== undefined) emit(event);
    },
  });
  return ok;
}
