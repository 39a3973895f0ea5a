import { setTimeout as delay } from "node:timers/promises";
import { buildId } from "../../base/build_id.ts";
import { errorMessage, HaftError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { Disconnected, Io } from "../../channel/errors.ts";
import { type ConnectOptions, DaemonClient } from "../../client/daemon_client.ts";
import type { DaemonRecord } from "../../client/running_daemon.ts";
import { RequestError } from "../../protocol/wire_error.ts";
import type { Readiness } from "../../daemon/start_daemon.ts";
import type { Context } from "../command.ts";
import { daemonLog, usualSocket } from "./endpoint.ts";

/** A daemon makes a removed socket anew within a second or two. */
const REMAKE_MS = 5_000;
const RETRY_MS = 100;

/** How long a daemon that another process started at the same time may take to answer. */
const LATE_START_MS = 30_000;

interface Options extends Partial<ConnectOptions> {
  socket: string;
  /** Start a daemon when none answers. */
  spawn: boolean;
  /** Further arguments of a daemon that is started. */
  args?: readonly string[];
  /** Talk to an older haft's daemon without a warning. */
  anyVersion?: boolean;
  /** Talk to a daemon that serves another home, too. */
  anyHome?: boolean;
}

interface Connected {
  client: DaemonClient;
  started: boolean;
  /** Where it listens, which need not be where it was looked for. */
  socket: string;
}

/** Connects to the daemon, starting it first if it is not there and `spawn` allows that. */
export async function connectToDaemon(options: Options, context: Context): Promise<Connected> {
  const { socket } = options;
  if (context.remote !== undefined) {
    return { client: await context.remote.connect(options.client ?? "haft"), started: false, socket };
  }
  const { spawn: _spawn, anyVersion: _anyVersion, anyHome: _anyHome, args = [], ...connectOptions } = options;
  const connection: ConnectOptions = {
    client: "haft",
    version: context.version,
    env: context.env,
    signal: context.signal,
    ...connectOptions,
  };
  try {
    const { client, socket: found } = await connectToRunning(connection, socket, context);
    if (options.anyHome !== true) await checkHome(client, socket, context);
    const fate = options.anyVersion === true ? "stays" : await makeWayForThis(client, options, context);
    if (fate === "stays") return { client, started: false, socket: found };
    if (fate === "replaced") {
      const next = await DaemonClient.connect({ ...connection, retry: true, timeoutMs: LATE_START_MS });
      return { client: next, started: true, socket };
    }
  } catch (error) {
    if (error instanceof RequestError) throw refused(error);
    if (!isAbsent(error)) throw error;
    if (!options.spawn) throw notRunning(socket, error);
  }
  const { startDaemon } = await import("../../daemon/start_daemon.ts");
  const readiness = await startDaemon({
    socket,
    logPath: daemonLog(context),
    env: context.env,
    signal: context.signal,
    args,
  });
  if (readiness.state === "failed") throw startFailure(readiness);
  const client = await DaemonClient.connect({ ...connection, retry: true, timeoutMs: LATE_START_MS });
  await checkHome(client, socket, context);
  return { client, started: readiness.state === "ready", socket };
}

/** @throws {HaftError} when the daemon serves another home */
async function checkHome(client: DaemonClient, socket: string, context: Context): Promise<void> {
  const { state, store, config } = client.ack.home ?? context.paths;
  const { paths } = context;
  if (state === paths.state && store === paths.store && config === paths.config) return;
  try {
    const { requireOwnHome } = await import("./daemon_home.ts");
    requireOwnHome(client, socket, context);
  } catch (error) {
    await client.close();
    throw error;
  }
}

/**
 * Connects at the socket, or where the daemon of this state directory says that it listens: its socket may
 * have been removed, or this command's environment may be another one than the daemon's.
 *
 * @throws {Disconnected} when there is no daemon
 * @throws {HaftError} when there is one that cannot be reached at this socket
 */
async function connectToRunning(
  connection: ConnectOptions,
  socket: string,
  context: Context,
): Promise<Pick<Connected, "client" | "socket">> {
  try {
    return { client: await DaemonClient.connect({ ...connection, socket }), socket };
  } catch (error) {
    if (!isAbsent(error) && !(error instanceof Io)) throw error;
    const { runningDaemon } = await import("../../client/running_daemon.ts");
    const deadline = performance.now() + REMAKE_MS;
    let failure = error;
    for (;;) {
      // Asked each time: it may listen at another place by now.
      const running = runningDaemon(context.paths.state);
      if (running === undefined) throw error;
      if (running.socket !== socket && socket !== usualSocket(context)) throw elsewhere(running, socket);
      if (performance.now() > deadline) throw unreachable(running, failure);
      try {
        const client = await DaemonClient.connect({ ...connection, socket: running.socket });
        return { client, socket: running.socket };
      } catch (again) {
        if (!isAbsent(again) && !(again instanceof Io)) throw again;
        failure = again;
      }
      await delay(RETRY_MS, undefined, { signal: context.signal });
    }
  }
}

/** Lets an older haft's daemon without other clients make way. */
async function makeWayForThis(
  client: DaemonClient,
  { spawn, socket, args = [] }: Options,
  context: Context,
): Promise<"stays" | "gone" | "replaced"> {
  if (client.ack.version === context.version && client.ack.build === buildId()) return "stays";
  const { versionSkew } = await import("./version_skew.ts");
  const skew = await versionSkew(client, context.version);
  if (skew.kind === "none") return "stays";
  if (skew.kind === "idle" && spawn) {
    const { makeWay } = await import("./make_way.ts");
    return await makeWay(client, { socket, args }, context) ? "replaced" : "gone";
  }
  const why = skew.kind === "busy" ? `, and ${skew.with} use it` : "";
  await context.stderr.write(
    `Warning: the daemon is an older haft, ${skew.daemon}${why}\n  Run "haft daemon restart" to replace it; apps and tasks go on\n`,
  );
  return "stays";
}

/** The error for a daemon that answers and refuses the connection. */
export function refused(error: RequestError): HaftError {
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

/** One state directory has one daemon, which looks after its apps and tasks. */
function elsewhere({ pid, socket }: DaemonRecord, asked: string): HaftError {
  return new HaftError(`The daemon is running, pid ${pid}, and listens at "${socket}", not at "${asked}"`, {
    next: `Leave out --socket and HAFT_SOCKET, or run "haft daemon stop --socket ${socket}" first`,
    exitCode: ExitCode.transport,
  });
}

function unreachable({ pid, socket }: DaemonRecord, cause: unknown): HaftError {
  return new HaftError(`The daemon is running, pid ${pid}, and does not answer at "${socket}"`, {
    next: 'Read "haft daemon logs"',
    exitCode: ExitCode.transport,
    cause: errorMessage(cause),
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
