import { resolve } from "node:path";
import { UsageError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import type { DaemonStatus } from "../protocol/methods/daemon_methods.ts";
import type { Command, Context, ParsedArgs } from "./command.ts";
import { connectToDaemon, isAbsent } from "./daemon_connection.ts";
import { daemonLog, daemonSocket, SOCKET_FLAG, socketFlag } from "./daemon_endpoint.ts";

const ACTIONS = ["start", "stop", "restart", "status", "run", "logs"] as const;
type Action = typeof ACTIONS[number];

export interface DaemonCommandOptions {
  action: Action;
  socket: string | undefined;
  json: boolean;
  /** Where to say that it is ready; told by whoever started it. */
  readyFd: number | undefined;
  lines: number;
  follow: boolean;
  /** Dialect → path of its endpoint. */
  listen: Readonly<Record<string, string>>;
}

export const command: Command<DaemonCommandOptions> = {
  name: "daemon",
  summary: "Start, stop and look at the per-user daemon",
  usage: ["start|stop|restart|status|run|logs"],
  flags: [
    SOCKET_FLAG,
    {
      name: "listen",
      value: "DIALECT=PATH,…",
      description: "Speak other systems' wires at these sockets (start, run)",
    },
    { name: "lines", short: "n", value: "N", description: "How many lines of the log (default: 50)" },
    { name: "follow", short: "f", description: "Go on printing what is added to the log" },
    { name: "json", description: "Print JSON (status, start)" },
    { name: "ready-fd", value: "FD", description: "Say on this descriptor when it answers", hidden: true },
  ],
  examples: [
    "haft daemon start",
    "haft daemon status --json",
    "haft daemon run   # in front, for systemd and containers",
  ],
  parse,
  run,
};

function parse(args: ParsedArgs): DaemonCommandOptions {
  const [action, extra] = [...args.positional, ...args.rest];
  if (extra !== undefined) throw new UsageError(`Unexpected argument "${extra}"`);
  if (!isAction(action)) {
    throw new UsageError(action === undefined ? "What about the daemon?" : `Unknown action "${action}"`, {
      next: `Write "haft daemon ${ACTIONS.join("|")}"`,
    });
  }
  const readyFd = args.flags.get("ready-fd");
  return {
    action,
    socket: socketFlag(args),
    json: args.flags.has("json"),
    readyFd: readyFd === undefined ? undefined : wholeNumber("ready-fd", readyFd),
    follow: args.flags.has("follow"),
    listen: listenFlag(args),
    lines: wholeNumber("lines", args.flags.get("lines") ?? "50"),
  };
}

function listenFlag({ flags }: ParsedArgs): Record<string, string> {
  const text = flags.get("listen");
  if (typeof text !== "string") return {};
  return Object.fromEntries(
    text.split(",").map((pair) => {
      const [, dialect, path] = /^([a-z]+)=(.+)$/.exec(pair) ?? [];
      if (dialect !== undefined && path !== undefined) return [dialect, resolve(path)];
      throw new UsageError(`--listen takes DIALECT=PATH, not "${pair}"`);
    }),
  );
}

function isAction(text: string | undefined): text is Action {
  return text !== undefined && (ACTIONS as readonly string[]).includes(text);
}

function wholeNumber(name: string, text: string | true): number {
  if (typeof text === "string" && /^[0-9]{1,6}$/.test(text)) return Number(text);
  throw new UsageError(`--${name} takes a whole number, not "${text}"`);
}

async function run(options: DaemonCommandOptions, context: Context): Promise<ExitCode> {
  const socket = daemonSocket(options.socket, context);
  switch (options.action) {
    case "run": {
      const { runDaemon } = await import("./daemon_run.ts");
      return await runDaemon({ socket, readyFd: options.readyFd, listen: options.listen }, context);
    }
    case "start":
      return await start(socket, options, context);
    case "stop":
      return await stop(socket, context);
    case "restart":
      await stop(socket, context);
      return await start(socket, options, context);
    case "status":
      return await status(socket, options, context);
    case "logs":
      return await logs(options, context);
  }
}

async function start(
  socket: string,
  { json, listen }: DaemonCommandOptions,
  context: Context,
): Promise<ExitCode> {
  const pairs = Object.entries(listen).map(([dialect, path]) => `${dialect}=${path}`);
  const args = pairs.length === 0 ? [] : ["--listen", pairs.join(",")];
  const { client, started } = await connectToDaemon({ socket, spawn: true, args }, context);
  await using _ = client;
  const { pid } = client.ack;
  await context.stdout.write(
    json
      ? `${JSON.stringify({ pid, socket, started })}\n`
      : `The daemon ${started ? "answers" : "is running already"}, pid ${pid}\n`,
  );
  return ExitCode.ok;
}

/** Resolves when the daemon has closed the connection: then it has given up its socket, too. */
async function stop(socket: string, context: Context): Promise<ExitCode> {
  try {
    const { client } = await connectToDaemon({ socket, spawn: false, anyVersion: true }, context);
    await using daemon = client;
    await daemon.request("daemon.shutdown");
    await daemon.closed;
    await context.stderr.write(`The daemon, pid ${daemon.ack.pid}, has stopped\n`);
  } catch (error) {
    if (!isAbsent((error as Error).cause)) throw error;
    await context.stderr.write("No daemon is running\n");
  }
  return ExitCode.ok;
}

async function status(socket: string, { json }: DaemonCommandOptions, context: Context): Promise<ExitCode> {
  const { client } = await connectToDaemon({ socket, spawn: false }, context);
  await using daemon = client;
  const state = await daemon.request("daemon.status") as DaemonStatus;
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

async function logs({ lines, follow }: DaemonCommandOptions, context: Context): Promise<ExitCode> {
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
