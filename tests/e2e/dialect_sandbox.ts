import { assertEquals } from "@std/assert";
import { lstatSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary, type Haft } from "./support.ts";

/**
 * A daemon that speaks another system's protocol.
 *
 * @param file its socket within the sandbox's runtime directory; default `haft/DIALECT.sock`
 */
export async function listening(
  dialect: string,
  { file = `haft/${dialect}.sock`, haft = binary }: { file?: string; haft?: Haft } = {},
): Promise<{ daemon: DaemonSandbox; path: string }> {
  const daemon = await DaemonSandbox.create(haft);
  const path = join(daemon.sandbox.root, "run", file);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  await start(daemon, `${dialect}=${path}`);
  return { daemon, path };
}

/** Starts a daemon that listens as `--listen` says. */
export async function start(daemon: DaemonSandbox, listen: string): Promise<void> {
  const { code, stderr } = await daemon.run("daemon", "start", "--listen", listen);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
}

/** Whether sockets that others share the directory of are safe there. */
export function isSharedDirectory(path: string): boolean {
  const { mode, uid } = lstatSync(path);
  return (mode & 0o1777) === 0o1777 && uid === 0;
}

/** A subscriber's events of a pattern, while the work is done. */
export async function eventsDuring(
  daemon: DaemonSandbox,
  types: string,
  count: number,
  work: () => Promise<unknown>,
) {
  const events = daemon.run("ipc-send", "--subscribe", types, "--count", String(count), "--for", "20s");
  for (;;) {
    const { clients } = await daemon.call("client.list") as { clients: { subscriptions: unknown[] }[] };
    if (clients.some(({ subscriptions }) => subscriptions.length > 0)) break;
  }
  await work();
  return (await events).stdout.trim().split("\n").map((line) => JSON.parse(line));
}
