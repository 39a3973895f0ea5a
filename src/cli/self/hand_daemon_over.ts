import { spawnSync } from "node:child_process";
import { DaemonClient } from "../../client/daemon_client.ts";
import type { Context } from "../command.ts";
import { isAbsent } from "../daemon/connection.ts";
import { daemonSocket } from "../daemon/endpoint.ts";

/**
 * Lets a running daemon be replaced by one of `executable`, which takes over its apps and tasks. Does nothing
 * where none runs. A failure is told and does not undo the update: the old daemon goes on.
 */
export async function handDaemonOver(executable: string, context: Context): Promise<void> {
  const socket = await daemonSocket(undefined, context);
  try {
    await using daemon = await DaemonClient.connect({
      client: "haft",
      version: context.version,
      env: context.env,
      signal: context.signal,
      socket,
    });
    void daemon;
  } catch (error) {
    if (isAbsent(error)) return;
    throw error;
  }
  const { status, stderr } = spawnSync(executable, ["daemon", "restart", "--socket", socket], {
    encoding: "utf8",
    env: context.env,
    timeout: 60_000,
  });
  await context.stderr.write(
    status === 0
      ? "The daemon is replaced, too; its apps and tasks go on\n"
      : `Warning: the daemon is still the earlier haft: ${stderr.trim()}\n  Run "haft daemon restart"\n`,
  );
}
