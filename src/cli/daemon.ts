import { resolve } from "node:path";
import { UsageError } from "../base/errors.ts";
import type { ExitCode } from "../base/exit_code.ts";
import type { Command, Context, ParsedArgs } from "./command.ts";
import { daemonSocket, SOCKET_FLAG, socketFlag } from "./daemon_endpoint.ts";

const ACTIONS = ["start", "stop", "restart", "status", "run", "logs", "enable"] as const;
type Action = typeof ACTIONS[number];

export interface DaemonCommandOptions {
  action: Action;
  socket: string | undefined;
  json: boolean;
  /** Where to say that it is ready; told by whoever started it. */
  readyFd: number | undefined;
  lines: number;
  follow: boolean;
  /** Print instead of write. */
  print: boolean;
  /** Leave supervised processes running. */
  keepApps: boolean;
  /** Dialect → paths of its endpoints. */
  listen: Readonly<Record<string, readonly string[]>>;
}

export const command: Command<DaemonCommandOptions> = {
  name: "daemon",
  summary: "Start, stop and look at the per-user daemon",
  usage: ["start|stop|restart|status|run|logs|enable"],
  flags: [
    SOCKET_FLAG,
    {
      name: "listen",
      value: "DIALECT=PATH,…",
      description: "Speak other systems' wires at these sockets (start, restart, run)",
    },
    { name: "print", description: "Print the service's file and write nothing (enable)" },
    { name: "keep-apps", description: "Leave apps and tasks running (stop)" },
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
    print: args.flags.has("print"),
    keepApps: args.flags.has("keep-apps"),
    listen: listenFlag(args),
    lines: wholeNumber("lines", args.flags.get("lines") ?? "50"),
  };
}

function listenFlag({ flags }: ParsedArgs): Record<string, string[]> {
  const text = flags.get("listen");
  const listen: Record<string, string[]> = {};
  for (const pair of typeof text === "string" ? text.split(",") : []) {
    const [, dialect, path] = /^([a-z]+)=(.+)$/.exec(pair) ?? [];
    if (dialect === undefined || path === undefined) {
      throw new UsageError(`--listen takes DIALECT=PATH, not "${pair}"`);
    }
    (listen[dialect] ??= []).push(resolve(path));
  }
  return listen;
}

function isAction(text: string | undefined): text is Action {
  return text !== undefined && (ACTIONS as readonly string[]).includes(text);
}

function wholeNumber(name: string, text: string | true): number {
  if (typeof text === "string" && /^[0-9]{1,6}$/.test(text)) return Number(text);
  throw new UsageError(`--${name} takes a whole number, not "${text}"`);
}

async function run(options: DaemonCommandOptions, context: Context): Promise<ExitCode> {
  // The log is where a wrong setting is explained: it needs no settings.
  if (options.action === "logs") return await (await import("./daemon_actions.ts")).logs(options, context);
  if (options.action === "enable") return await (await import("./daemon_enable.ts")).enable(options, context);
  const socket = await daemonSocket(options.socket, context);
  if (options.action === "run") {
    const { runDaemon } = await import("./daemon_run.ts");
    return await runDaemon({ socket, readyFd: options.readyFd, listen: options.listen }, context);
  }
  // Apart, because the daemon itself has no use for a client: it would hold its code for as long as it lives.
  const { start, status, stop } = await import("./daemon_actions.ts");
  switch (options.action) {
    case "start":
      return await start(socket, options, context);
    case "stop":
      return await stop(socket, options, context);
    case "restart":
      // Whoever restarts the daemon wants what runs to go on.
      await stop(socket, { keepApps: true }, context);
      return await start(socket, options, context);
    case "status":
      return await status(socket, options, context);
  }
}
