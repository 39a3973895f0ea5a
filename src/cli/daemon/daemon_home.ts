import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { HaftError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { shortHash } from "../../base/short_hash.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import type { Home } from "../../protocol/hello.ts";
import type { Context } from "../command.ts";
import { usualSocket } from "./endpoint.ts";

/** Two directories of one kind that differ: the daemon's, and this command's. */
export interface OtherHome {
  theirs: string;
  ours: string;
}

/**
 * The directories of the daemon's home where they are not this command's. The socket's path does not depend
 * on HAFT_HOME, so a command of another home meets this daemon, with other tools, apps and trust.
 *
 * @returns undefined when the home is the same, and for a daemon that is too old to say
 */
export function otherHome(home: Home | undefined, { paths }: Pick<Context, "paths">): OtherHome | undefined {
  if (home === undefined) return undefined;
  for (const kind of ["state", "store", "config"] as const) {
    const [theirs, ours] = [home[kind], paths[kind]];
    if (theirs === ours || realPath(theirs) === realPath(ours)) continue;
    return { theirs: haftHome(home) ?? theirs, ours: haftHome(paths) ?? ours };
  }
  return undefined;
}

/** The directory that HAFT_HOME names, below which everything lies. */
function haftHome({ store, state, config }: Home): string | undefined {
  const below = dirname(state);
  return join(below, "state") === state && dirname(store) === below && dirname(config) === below
    ? below
    : undefined;
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** `serves another home, "/x"; this command's is "/home/me/.local/state/haft"` */
export function otherHomeText({ theirs, ours }: OtherHome): string {
  return `serves another home, "${theirs}"; this command's is "${ours}"`;
}

/** What to do about it. */
export function otherHomeFix(
  socket: string,
  { paths, platform }: Pick<Context, "paths" | "platform">,
): string {
  const own = socket.replace(/(\.sock)?$/, `-${shortHash(paths.state)}$1`);
  const set = platform === "win32" ? `set HAFT_SOCKET=${own}` : `export HAFT_SOCKET=${own}`;
  return `"haft daemon stop" ends it, and its apps; to have both, give this home a socket of its own: ${set}`;
}

/**
 * Only at the usual socket: with `--socket` or HAFT_SOCKET a person has chosen the daemon.
 *
 * @throws {HaftError} when the daemon serves another home than this command's
 */
export function requireOwnHome(client: DaemonClient, socket: string, context: Context): void {
  const other = otherHome(client.ack.home, context);
  if (other === undefined || socket !== usualSocket(context)) return;
  throw new HaftError(`The daemon at "${socket}", pid ${client.ack.pid}, ${otherHomeText(other)}`, {
    next: otherHomeFix(socket, context),
    exitCode: ExitCode.transport,
  });
}
