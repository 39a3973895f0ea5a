import { existsSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { errorMessage } from "../../base/errors.ts";
import { DaemonClient } from "../../client/daemon_client.ts";
import { RequestError } from "../../protocol/wire_error.ts";
import { checkPathLength } from "../../socket/endpoint.ts";
import { openRuntimeDirectory } from "../../socket/runtime_directory.ts";
import type { Context } from "../command.ts";
import { otherHome, otherHomeFix, otherHomeText } from "../daemon/daemon_home.ts";
import { isAbsent, refused } from "../daemon/connection.ts";
import { shortPath } from "../short_path.ts";
import { versionSkew } from "../daemon/version_skew.ts";
import { fault, faultOf, type Finding, note, ok } from "./finding.ts";

const CONNECT_TIMEOUT_MS = 2_000;

/** The endpoint's directory, and the daemon that answers there. */
export async function examineDaemon(socket: string, context: Context): Promise<Finding[]> {
  try {
    checkPathLength(socket, context.platform);
    const directory = dirname(socket);
    if (context.platform !== "win32" && existsSync(directory)) {
      openRuntimeDirectory(directory, { uid: process.getuid?.() });
    }
  } catch (error) {
    return [faultOf("socket", error)];
  }
  return [ok("socket", shortPath(socket, context.home)), ...[await daemon(socket, context)].flat()];
}

async function daemon(socket: string, context: Context): Promise<Finding | Finding[]> {
  const { env, version, home, paths: { state } } = context;
  let client: DaemonClient;
  try {
    client = await DaemonClient.connect({
      client: "haft doctor",
      version,
      env,
      socket,
      timeoutMs: CONNECT_TIMEOUT_MS,
    });
  } catch (error) {
    if (error instanceof RequestError) return faultOf("daemon", refused(error));
    if (!isAbsent(error)) {
      return fault("daemon", `does not answer: ${errorMessage(error)}`, 'Read "haft daemon logs"');
    }
    const { runningDaemon } = await import("../../client/running_daemon.ts");
    const running = runningDaemon(state);
    if (running !== undefined) {
      const where = `it runs, pid ${running.pid}, and listens at ${shortPath(running.socket, home)}`;
      return note("daemon", where, "Commands find it there");
    }
    return existsSync(socket)
      ? note("daemon", "it left its socket behind when it ended", '"haft daemon start" replaces it')
      : note("daemon", "not running; commands that need it start it");
  }
  await using connected = client;
  const other = otherHome(connected.ack.home, context);
  if (other !== undefined) {
    return fault("daemon", `it ${otherHomeText(other)}`, otherHomeFix(socket, context));
  }
  const skew = await versionSkew(connected, version);
  if (skew.kind !== "none") {
    return note("daemon", `it is an older haft, ${skew.daemon}`, 'Run "haft daemon restart"');
  }
  const status = await connected.request("daemon.status", {});
  if (status.internal_errors > 0) {
    return fault(
      "daemon",
      `${status.internal_errors} internal errors since it started`,
      'Read "haft daemon logs"',
    );
  }
  return [ok("daemon", `pid ${status.pid}, haft ${status.version}`), ...await leftApps(connected, context)];
}

/** Apps that run although the directory of their project was removed or moved. */
async function leftApps(daemon: DaemonClient, { home }: Context): Promise<Finding[]> {
  const { apps } = await daemon.request("app.status", { names: [] });
  const running = apps.filter(({ instances }) => instances.some(({ pid }) => pid !== null));
  return running.filter(({ root }) => !existsSync(root)).map(({ name, root }) => {
    const isAmbiguous = running.some((other) => other.name === name && other.root !== root);
    return note(
      "apps",
      `"${name}" runs, and its project ${shortPath(root, home)} is gone`,
      `Run "haft app stop ${name} --every-project"${
        isAmbiguous ? `, which stops every project's "${name}"` : ""
      }`,
    );
  });
}
