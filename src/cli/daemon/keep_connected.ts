import { existsSync } from "node:fs";
import { errorMessage, HaftError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { Disconnected } from "../../channel/errors.ts";
import { DaemonClient } from "../../client/daemon_client.ts";
import { daemonRecordFile } from "../../client/running_daemon.ts";
import { createStyle } from "../../ui/style.ts";
import type { Context } from "../command.ts";
import { connectToDaemon } from "./connection.ts";
import { daemonSocket } from "./endpoint.ts";
import { asRemoteError } from "./remote_error.ts";

/** Milliseconds in which another daemon must answer: "haft daemon restart" takes less than one second. */
const AGAIN_MS = 10_000;

/** A connection that lasts so many milliseconds was a good one; so many bad ones in a row are the last. */
const GOOD_MS = 1_000;
const MOST_BAD = 5;

export const DAEMON_ENDED = "The daemon ended; waiting for another one";

export interface KeepConnectedOptions {
  socket: string | undefined;
  client: string;
  /** The command that comes back to what goes on without the daemon. Asked for when the daemon has ended. */
  readonly comeBack: string;
  /** Starts another daemon when this one crashed, so that what it looked after has one again. */
  restarts?: boolean;
  /** Says that the daemon ended, where a line on stderr would be in the way. */
  onLost?: () => void;
}

/**
 * Works with a connection to the daemon, and with a new one each time that the daemon ends and another takes
 * its place. Apps and tasks go on meanwhile.
 *
 * @param work rejects with Disconnected when the connection is lost; `again` is true from the second time on
 * @throws {HaftError} when no daemon takes its place
 */
export async function keepConnected<Result>(
  options: KeepConnectedOptions,
  context: Context,
  work: (daemon: DaemonClient, again: boolean) => Promise<Result>,
): Promise<Result> {
  const { socket: name, client, onLost } = options;
  const { stderr, signal, env, version } = context;
  const socket = await daemonSocket(name, context);
  const first = await connectToDaemon({ socket, spawn: true, client }, context);
  let next = first.client;
  for (let bad = 0, again = false;; again = true) {
    const begun = performance.now();
    await using daemon = next;
    try {
      return await work(daemon, again);
    } catch (error) {
      bad = performance.now() - begun < GOOD_MS ? bad + 1 : 0;
      const final = !(error instanceof Disconnected) || signal.aborted || bad >= MOST_BAD;
      // Another host's end is that host's news: nothing here brings it back.
      if (final || context.remote !== undefined) throw asRemoteError(error);
    }
    if (onLost !== undefined) onLost();
    else await stderr.write(createStyle(stderr.color).dim(`${DAEMON_ENDED}\n`));
    try {
      next = options.restarts === true && hasCrashed(context)
        ? (await connectToDaemon({ socket, spawn: true, client }, context)).client
        : await DaemonClient.connect({
          client,
          version,
          socket,
          env,
          signal,
          retry: true,
          timeoutMs: AGAIN_MS,
        });
    } catch (error) {
      if (signal.aborted) {
        if (onLost === undefined) {
          await stderr.write(`What it started goes on. Run "${options.comeBack}" to come back\n`);
        }
        throw error;
      }
      throw new HaftError(`The daemon ended: ${errorMessage(error)}`, {
        next:
          `What it started goes on, unless it was stopped by "haft daemon stop". Run "${options.comeBack}" to come back`,
        exitCode: ExitCode.transport,
        cause: error,
      });
    }
  }
}

/** A daemon that stops in order takes its record away, and one that a person stopped is not started again. */
function hasCrashed({ paths }: Context): boolean {
  return existsSync(daemonRecordFile(paths.state));
}
