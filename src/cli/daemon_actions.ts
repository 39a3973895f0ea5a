import { HaftError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import type { Context } from "./command.ts";
import { connectToDaemon, isAbsent } from "./daemon_connection.ts";
import { daemonLog } from "./daemon_endpoint.ts";

export async function start(
  socket: string,
  { json, listen }: { json: boolean; listen: Readonly<Record<string, readonly string[]>> },
  context: Context,
): Promise<ExitCode> {
  const pairs = Object.entries(listen).flatMap(([dialect, paths]) =>
    paths.map((path) => `${dialect}=${path}`)
  );
  const args = pairs.length === 0 ? [] : ["--listen", pairs.join(",")];
  const { client, started } = await connectToDaemon({ socket, spawn: true, args }, context);
  await using _ = client;
  const { pid } = client.ack;
  if (!started && args.length > 0) {
    throw new HaftError(`The daemon is running already, pid ${pid}, and --listen counts when it starts`, {
      next: `Run "haft daemon restart --listen ${pairs.join(",")}", which leaves what runs alone`,
    });
  }
  await context.stdout.write(
    json
      ? `${JSON.stringify({ pid, socket, started })}\n`
      : `The daemon ${started ? "answers" : "is running already"}, pid ${pid}\n`,
  );
  return ExitCode.ok;
}

/** Resolves when the daemon has closed the connection: then it has given up its socket, too. */
export async function stop(
  socket: string,
  { keepApps }: { keepApps: boolean },
  context: Context,
): Promise<ExitCode> {
  try {
    const { client } = await connectToDaemon({ socket, spawn: false, anyVersion: true }, context);
    await using daemon = client;
    await daemon.request("daemon.shutdown", { keep_apps: keepApps });
    await interruptible(daemon.closed, context.signal);
    await context.stderr.write(`The daemon, pid ${daemon.ack.pid}, has stopped\n`);
  } catch (error) {
    if (!isAbsent((error as Error).cause)) throw error;
    await context.stderr.write("No daemon is running\n");
  }
  return ExitCode.ok;
}

/** A daemon that does not come to its end keeps nobody from leaving. */
async function interruptible(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}

export async function status(
  socket: string,
  { json }: { json: boolean },
  context: Context,
): Promise<ExitCode> {
  const { client } = await connectToDaemon({ socket, spawn: false }, context);
  await using daemon = client;
  const state = await daemon.request("daemon.status", {});
  if (json) {
    await context.stdout.write(`${JSON.stringify(state, null, 2)}\n`);
    return ExitCode.ok;
  }
  const { table } = await import("../ui/table.ts");
  const { formatBytes, formatTime } = await import("../ui/units.ts");
  await context.stdout.write(table([
    ["pid", String(state.pid)],
    ["version", `${state.version} (${state.build})`],
    ["up", formatTime(state.uptime_secs * 1000)],
    ["socket", state.socket],
    ["log", state.log],
    ["clients", String(state.clients)],
    ["memory", formatBytes(state.rss_bytes)],
    ...(state.internal_errors === 0 ? [] : [["internal errors", String(state.internal_errors)]]),
  ]));
  return ExitCode.ok;
}

export async function logs(
  { lines, follow }: { lines: number; follow: boolean },
  context: Context,
): Promise<ExitCode> {
  const { stdout, stderr, signal } = context;
  const path = daemonLog(context);
  const { RotatingLog } = await import("../daemon/rotating_log.ts");
  const tail = new RotatingLog(path).tail(lines);
  if (tail.length > 0) await stdout.write(`${tail.join("\n")}\n`);
  else await stderr.write("The daemon has no log yet\n");
  if (!follow) return ExitCode.ok;
  const { followFile } = await import("./follow_file.ts");
  for await (const text of followFile(path, { signal })) {
    await stdout.write(text);
    if (stdout.closed) return ExitCode.ok;
  }
  return ExitCode.interrupted;
}
