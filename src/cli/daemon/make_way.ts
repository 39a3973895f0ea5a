import type { DaemonClient } from "../../client/daemon_client.ts";
import { runtime } from "../../runtime/mod.ts";
import type { Context } from "../command.ts";

/**
 * Lets a running daemon make way for one of this haft, and leaves it its apps and tasks. Where both can, that
 * one takes its place in the same process, so that no exit code is lost.
 *
 * @param options.args further arguments of the new one
 * @returns whether the new one is on its way; else it has to be started
 */
export async function makeWay(
  daemon: DaemonClient,
  { socket, args }: { socket: string; args: readonly string[] },
  { env, signal }: Pick<Context, "env" | "signal">,
): Promise<boolean> {
  const inPlace = runtime.succession !== undefined && daemon.ack.capabilities.includes("successor");
  if (!inPlace) await daemon.request("daemon.shutdown", { keep_apps: true });
  else {
    const { daemonCommand, withoutMark } = await import("../../daemon/start_daemon.ts");
    const variables = Object.entries(withoutMark(env)).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const]
    );
    const successor = { command: daemonCommand(socket, args), env: Object.fromEntries(variables) };
    await daemon.request("daemon.shutdown", { keep_apps: true, successor });
  }
  await interruptible(daemon.closed, signal);
  return inPlace;
}

/** Exits on Ctrl-C even if the daemon is still shutting down. */
export async function interruptible(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}
