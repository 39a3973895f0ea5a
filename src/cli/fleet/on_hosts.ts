/**
 * A command that asks another host's daemon, or those of several. Each host's command is the ordinary one
 * with another connection; of several, each line says which host it is from.
 */
import { join } from "node:path";
import type { ExitCode } from "../../base/exit_code.ts";
import { connectFleet, type FleetConnection } from "../../fleet/connect.ts";
import { connectHost } from "../../fleet/connect_host.ts";
import type { FleetSettings } from "../../tools/manifest/fleet_settings.ts";
import type { Command, Context, ParsedArgs, RemoteHost } from "../command.ts";
import { asRemoteError } from "../daemon/remote_error.ts";
import { describeError } from "../describe_error.ts";
import { parseSubscription } from "../ipc/send.ts";
import { followEvents, readsStream } from "./follow_events.ts";
import { type HostSelector, parseHostSelector } from "./host_flag.ts";
import { failedHost, type HostOutcome, reportHosts } from "./host_outcomes.ts";
import { hostsOf } from "./hosts_of.ts";
import { HostOutput } from "./host_output.ts";
import { fleetSettings } from "./membership.ts";

interface OnHosts {
  path: string;
  command: Command<unknown>;
  options: unknown;
  flags: ParsedArgs["flags"];
}

/** Milliseconds for a host to take up a session; a leader's end may cost the server five seconds. */
const SESSION_MS = 10_000;

export async function runOnHosts(
  { path, command, options, flags }: OnHosts,
  context: Context,
): Promise<ExitCode> {
  const selector = parseHostSelector(String(flags.get("host")));
  const settings = fleetSettings(context);
  const subscription = path === "ipc-send" && flags.has("subscribe")
    ? parseSubscription({ flags })
    : undefined;
  const fromStream = subscription !== undefined && readsStream(selector, subscription);
  await using connection = await connectFleet(settings, { name: `haft ${path}`, stay: fromStream });
  if (fromStream) {
    const quiet = flags.has("quiet");
    return await followEvents({ selector, subscription, connection, fleet: settings.name, quiet }, context);
  }
  const hosts = await hostsOf(selector, { connection, fleet: settings.name });
  const place = { connection, settings, context };
  const on = (host: string) => ({
    ...context,
    remote: remoteHost(host, place),
    cwd: directoryOn(host, selector, { settings, context }),
  });
  const [only] = hosts;
  if (selector.kind === "names" && hosts.length === 1 && only !== undefined) {
    try {
      return await command.run(options, on(only));
    } catch (error) {
      throw asRemoteError(error);
    }
  }
  const json = path === "ipc-send"
    ? "lines"
    : !flags.has("json")
    ? "none"
    : flags.has("follow")
    ? "lines"
    : "whole";
  const outcomes = await Promise.all(hosts.map(async (host) => {
    const stdout = new HostOutput(host, context.stdout, json);
    const stderr = new HostOutput(host, context.stderr, "none");
    let outcome: HostOutcome;
    try {
      const there = { ...on(host), stdout, stderr };
      outcome = { host, code: await command.run(options, there), silent: false };
    } catch (thrown) {
      const error = asRemoteError(thrown);
      outcome = failedHost(host, error);
      await stderr.write(describeError(error, { ...context, stderr }));
    }
    await stdout.end();
    await stderr.end();
    return outcome;
  }));
  return await reportHosts(outcomes, context);
}

/** The directory on a host that is meant; the host itself knows what `~/` is there. */
export function directoryOn(
  host: string,
  { directory }: Pick<HostSelector, "directory">,
  { settings, context: { cwd, home } }: { settings: FleetSettings; context: Pick<Context, "cwd" | "home"> },
): string {
  if (directory === undefined) return cwd;
  return host === settings.host && directory.startsWith("~/") ? join(home, directory.slice(2)) : directory;
}

export function remoteHost(
  name: string,
  { connection, settings, context: { version, signal } }: {
    connection: FleetConnection;
    settings: FleetSettings;
    context: Context;
  },
): RemoteHost | undefined {
  // This machine's own daemon is asked at its socket, by its user.
  if (name === settings.host) return undefined;
  return {
    name,
    async connect(client) {
      const address = { fleet: settings.name, host: name };
      return await connectHost(connection, { address, client, version, timeoutMs: SESSION_MS, signal });
    },
  };
}
