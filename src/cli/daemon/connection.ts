import { buildId } from "../../base/build_id.ts";
import { HaftError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { Disconnected } from "../../channel/errors.ts";
import { type ConnectOptions, DaemonClient } from "../../client/daemon_client.ts";
import { RequestError } from "../../protocol/wire_error.ts";
import type { Readiness } from "../../daemon/start_daemon.ts";
import type { Context } from "../command.ts";
import { daemonLog } from "./endpoint.ts";

/** How long a daemon that another process started at the same time may take to answer. */
const LATE_START_MS = 10_000;

interface Options extends Partial<ConnectOptions> {
  socket: string;
  /** Start a daemon when none answers. */
  spawn: boolean;
  /** Further arguments of a daemon that is started. */
  args?: readonly string[];
  /** Talk to an older haft's daemon without a warning. */
  anyVersion?: boolean;
}

/** Connects to the daemon, starting it first if it is not there and `spawn` allows that. */
export async function connectToDaemon(
  options: Options,
  context: Context,
): Promise<{ client: DaemonClient; started: boolean }> {
  const { spawn: _spawn, anyVersion: _anyVersion, args = [], ...connectOptions } = options;
  const connection: ConnectOptions = {
    client: "haft",
    version: context.version,
    env: context.env,
    signal: context.signal,
    ...connectOptions,
  };
  try {
    const client = await DaemonClient.connect(connection);
    if (options.anyVersion === true || !await makeWayForThis(client, options, context)) {
      return { client, started: false };
    }
  } catch (error) {
    if (error instanceof RequestError) throw refused(error);
    if (!isAbsent(error)) throw error;
    if (!options.spawn) throw notRunning(options.socket, error);
  }
  const { startDaemon } = await import("../../daemon/start_daemon.ts");
  const readiness = await startDaemon({
    socket: options.socket,
    logPath: daemonLog(context),
    env: context.env,
    signal: context.signal,
    args,
  });
  if (readiness.state === "failed") throw startFailure(readiness);
  const client = await DaemonClient.connect({ ...connection, retry: true, timeoutMs: LATE_START_MS });
  return { client, started: readiness.state === "ready" };
}

/**
 * Stops an older haft's daemon without other clients.
 *
 * @returns false when the daemon stays, and is to be used
 */
async function makeWayForThis(client: DaemonClient, { spawn }: Options, context: Context): Promise<boolean> {
  if (client.ack.version === context.version && client.ack.build === buildId()) return false;
  const { versionSkew } = await import("./version_skew.ts");
  const skew = await versionSkew(client, context.version);
  if (skew.kind === "none") return false;
  if (skew.kind === "idle" && spawn) {
    await client.request("daemon.shutdown", { keep_apps: true });
    await client.closed;
    return true;
  }
  const why = skew.kind === "busy" ? `, and ${skew.with} use it` : "";
  await context.stderr.write(
    `Warning: the daemon is an older haft, ${skew.daemon}${why}\n  Run "haft daemon restart" to replace it; apps and tasks go on\n`,
  );
  return false;
}

/** The error for a daemon that answers and refuses the connection. */
function refused(error: RequestError): HaftError {
  const next = error.errorName === "too_many"
    ? 'Close other clients, or raise "connections" under [daemon] in your config.toml'
    : error.errorName === "unsupported_protocol"
    ? 'Run "haft daemon restart", so that both are of one version'
    : undefined;
  return new HaftError(`The daemon refuses: ${error.message}`, {
    exitCode: ExitCode.remote,
    cause: error,
    ...(next === undefined ? {} : { next }),
  });
}

export function notRunning(socket: string, cause?: unknown): HaftError {
  return new HaftError(`No daemon answers at "${socket}"`, {
    next: 'Run "haft daemon start" first',
    exitCode: ExitCode.transport,
    cause,
  });
}

export function isAbsent(error: unknown): boolean {
  if (error instanceof Disconnected) return true;
  // The directory of the sockets is missing, too.
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function startFailure({ error, next }: Extract<Readiness, { state: "failed" }>): HaftError {
  return new HaftError(`The daemon did not start: ${error}`, {
    ...(next === null ? {} : { next }),
    exitCode: ExitCode.transport,
  });
}
