import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { errorMessage, HaftError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { Disconnected, TimedOut } from "../../channel/errors.ts";
import { type ConnectOptions, DaemonClient } from "../../client/daemon_client.ts";
import { daemonRecordFile } from "../../client/running_daemon.ts";
import { RequestError } from "../../protocol/wire_error.ts";
import { createStyle } from "../../ui/style.ts";
import type { Context } from "../command.ts";
import { connectToDaemon } from "./connection.ts";
import { daemonSocket } from "./endpoint.ts";
import { asCommandError } from "./remote_error.ts";

/** Milliseconds in which another daemon must answer: "haft daemon restart" takes less than one second. */
const AGAIN_MS = 10_000;
/** Milliseconds between looks whether the daemon that is waited for has crashed, too. */
const LOOK_MS = 1_000;

/** A connection that lasts so many milliseconds was a good one; so many bad ones in a row are the last. */
const GOOD_MS = 1_000;
const MOST_BAD = 5;

export const DAEMON_ENDED = "The daemon ended; waiting for another one";

export interface KeepConnectedOptions {
  socket: string | undefined;
  client: string;
  /** The command that comes back to what goes on without the daemon. Asked for when the daemon has ended. */
  readonly comeBack?: string;
  /** Start a daemon when there is none, and another when it crashed. Default true. */
  spawn?: boolean;
  /** Work with the daemon of another home, too. */
  anyHome?: boolean;
  framing?: ConnectOptions["framing"];
  /** Says that the daemon ended, where a line on stderr would be in the way. */
  onLost?: () => void;
}

/**
 * Works with a connection to the daemon, and with a new one each time that the daemon ends and another takes
 * its place. One that crashed is started again; one that a person stopped is waited for. Apps and tasks go on
 * meanwhile.
 *
 * @param work rejects with Disconnected when the connection is lost; `again` is true from the second time on
 * @throws {HaftError} when no daemon takes its place
 */
export async function keepConnected<Result>(
  options: KeepConnectedOptions,
  context: Context,
  work: (daemon: DaemonClient, again: boolean) => Promise<Result>,
): Promise<Result> {
  const { onLost, comeBack } = options;
  const { stderr, signal } = context;
  const target = { ...options, socket: await daemonSocket(options.socket, context) };
  let next = await connect(target, context);
  for (let bad = 0, again = false;; again = true) {
    const begun = performance.now();
    await using daemon = next;
    try {
      return await work(daemon, again);
    } catch (error) {
      bad = performance.now() - begun < GOOD_MS ? bad + 1 : 0;
      const final = !isLost(error) || signal.aborted || bad >= MOST_BAD;
      // Another host's end is that host's news: nothing here brings it back.
      if (final || context.remote !== undefined) throw asCommandError(error);
    }
    if (onLost !== undefined) onLost();
    else await stderr.write(createStyle(stderr.color).dim(`${DAEMON_ENDED}\n`));
    try {
      next = await connectAgain(target, daemon, context);
    } catch (error) {
      if (signal.aborted) {
        if (onLost === undefined && comeBack !== undefined) {
          await stderr.write(`What it started goes on. Run "${comeBack}" to come back\n`);
        }
        throw error;
      }
      throw new HaftError(`The daemon ended: ${errorMessage(error)}`, {
        next: comeBack === undefined
          ? '"haft daemon logs" says why; then run the command again'
          : `What it started goes on, unless it was stopped by "haft daemon stop". Run "${comeBack}" to come back`,
        exitCode: ExitCode.transport,
        cause: error,
      });
    }
  }
}

type Target = KeepConnectedOptions & { socket: string };

async function connect(
  { socket, client, spawn = true, anyHome = false, framing = "length" }: Target,
  context: Context,
): Promise<DaemonClient> {
  return (await connectToDaemon({ socket, spawn, client, anyHome, framing }, context)).client;
}

/** Connects to the daemon that takes the place of the one before. */
async function connectAgain(target: Target, before: DaemonClient, context: Context): Promise<DaemonClient> {
  const { socket, client, spawn = true, framing = "length" } = target;
  const { version, env, signal, paths } = context;
  // That of another home is not this command's to start.
  const isOwn = (before.ack.home?.state ?? paths.state) === paths.state;
  for (const begun = performance.now();;) {
    const left = AGAIN_MS - (performance.now() - begun);
    try {
      if (spawn && isOwn && hasCrashed(context)) return await connect(target, context);
      const timeoutMs = Math.max(1, Math.min(LOOK_MS, left));
      return await DaemonClient.connect({
        client,
        version,
        socket,
        env,
        signal,
        framing,
        retry: true,
        timeoutMs,
      });
    } catch (error) {
      if (signal.aborted || left < 0 || !(isLost(error) || error instanceof TimedOut)) throw error;
    }
    await delay(RETRY_MS, undefined, { signal });
  }
}

/** Milliseconds before another attempt after one that the daemon's end cut short. */
const RETRY_MS = 50;

function isLost(error: unknown): boolean {
  return error instanceof Disconnected ||
    (error instanceof RequestError && error.errorName === "shutting_down");
}

/** A daemon that stops in order takes its record away, and one that a person stopped is not started again. */
function hasCrashed({ paths }: Context): boolean {
  return existsSync(daemonRecordFile(paths.state));
}
