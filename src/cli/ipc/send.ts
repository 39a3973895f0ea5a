import { isAbsolute, posix, resolve } from "node:path";
import { UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { daemonSocket, HOST_FLAG, SOCKET_FLAG, socketFlag } from "../daemon/endpoint.ts";
import { numberFlag, parseDuration, textFlag } from "../flag_values.ts";
import { readParams } from "./params.ts";
import type { Subscription } from "./subscribe.ts";

export type IpcSendAction =
  | { kind: "call"; method: string; params: readonly string[] }
  | { kind: "batch" }
  | { kind: "subscribe"; subscription: Subscription }
  | { kind: "list" }
  | { kind: "describe"; method: string }
  | { kind: "print-socket" };

export interface IpcSendOptions {
  action: IpcSendAction;
  socket: string | undefined;
  spawn: boolean;
  quiet: boolean;
  /** Milliseconds; undefined for 30 s, and as long as it takes for methods that may take long. */
  timeoutMs: number | undefined;
  framing: "lines" | "length";
}

export const command: Command<IpcSendOptions> = {
  usage: [
    "METHOD [JSON|@FILE|-|KEY=VALUE…]",
    "-j < REQUESTS",
    "--subscribe TYPES [--since EPOCH:SEQ] [--count N] [--for 10s]",
  ],
  flags: [
    {
      name: "batch",
      short: "j",
      description: "Read requests from stdin, one a line; write responses as they come",
    },
    {
      name: "subscribe",
      value: "TYPES",
      completes: "events",
      description: "Stream events: patterns such as app.*,user.*",
    },
    {
      name: "since",
      value: "EPOCH:SEQ",
      description: "Begin after this event; with --host '*', SEQ of the fleet's stream",
    },
    { name: "subject", value: "NAME", description: "Only events about this app, tool or task" },
    { name: "count", value: "N", description: "End after N events" },
    { name: "for", value: "DURATION", description: "End after this time: 500ms, 10s, 5m" },
    { name: "list", description: "List the methods" },
    {
      name: "describe",
      value: "METHOD",
      completes: "methods",
      description: "Show what a method takes and gives, as JSON Schema",
    },
    { name: "print-socket", description: "Print the daemon's socket, starting the daemon if need be" },
    { name: "quiet", short: "q", description: "Print no result" },
    { name: "timeout", value: "DURATION", description: "How long to wait for an answer (default: 30s)" },
    { name: "no-spawn", description: "Do not start the daemon" },
    HOST_FLAG,
    SOCKET_FLAG,
    { name: "wire", value: "WIRE", completes: ["ndjson", "u32le"], description: "ndjson or u32le (default)" },
  ],
  examples: [
    "haft ipc-send daemon.ping",
    "haft ipc-send events.publish type=user.deployed data.to=prod",
    "haft ipc-send --subscribe 'user.*' --count 1",
    "haft ipc-send --subscribe 'app.*' --host '*' --since 0",
  ],
  completes: "methods",
  parse,
  run,
};

const ACTION_FLAGS = ["batch", "subscribe", "list", "describe", "print-socket"] as const;

function parse(args: ParsedArgs): IpcSendOptions {
  const { flags } = args;
  const wire = textFlag(args, "wire") ?? "u32le";
  const timeout = textFlag(args, "timeout");
  if (wire !== "ndjson" && wire !== "u32le") {
    throw new UsageError(`Unknown wire "${wire}"`, { next: 'Write "ndjson" or "u32le"' });
  }
  return {
    action: parseAction(args),
    socket: socketFlag(args),
    spawn: !flags.has("no-spawn"),
    quiet: flags.has("quiet"),
    timeoutMs: timeout === undefined ? undefined : parseDuration("timeout", timeout),
    framing: wire === "ndjson" ? "lines" : "length",
  };
}

function parseAction({ flags, positional, rest }: ParsedArgs): IpcSendAction {
  const [method, ...params] = [...positional, ...rest];
  const chosen = ACTION_FLAGS.filter((name) => flags.has(name));
  if (chosen.length > 1) throw new UsageError(`--${chosen.join(" and --")} exclude each other`);
  const [flag] = chosen;
  if (flag === undefined) {
    if (method === undefined) {
      throw new UsageError("Which method? None was named", {
        next: 'Run "haft ipc-send --list" for the methods',
      });
    }
    return { kind: "call", method, params };
  }
  if (method !== undefined) throw new UsageError(`Unexpected argument "${method}" beside --${flag}`);
  switch (flag) {
    case "batch":
      return { kind: "batch" };
    case "list":
      return { kind: "list" };
    case "print-socket":
      return { kind: "print-socket" };
    case "describe":
      return { kind: "describe", method: textFlag({ flags }, "describe") ?? "" };
    case "subscribe":
      return { kind: "subscribe", subscription: parseSubscription({ flags }) };
  }
}

export function parseSubscription(args: Pick<ParsedArgs, "flags">): Subscription {
  const types = textFlag(args, "subscribe")?.split(",") ?? [];
  const duration = textFlag(args, "for");
  return {
    types: types.map((type) => type.trim()).filter((type) => type !== ""),
    since: textFlag(args, "since"),
    subject: textFlag(args, "subject"),
    count: numberFlag(args, "count", { usual: Infinity, least: 1, most: 999_999_999 }),
    forMs: duration === undefined ? Infinity : parseDuration("for", duration),
  };
}

/**
 * Calls about one project. Without `cwd` the daemon would look in its own working directory, the user's home.
 */
const ABOUT_A_PROJECT: ReadonlySet<string> = new Set([
  "backend.call",
  "backend.start",
  "backend.stop",
  "runtime.environment",
  "runtime.resolve",
  "runtime.versions",
  "task.start",
  "tool.install",
  "tool.sync",
]);

/**
 * `cwd=.` means a directory as the shell does: the daemon has another working directory. A call about a
 * project is about the one that it is made in.
 */
function withProject(method: string, params: unknown, from: string): unknown {
  if (typeof params !== "object" || params === null || Array.isArray(params)) return params;
  if (!("cwd" in params)) return ABOUT_A_PROJECT.has(method) ? { ...params, cwd: from } : params;
  if (typeof params.cwd !== "string") return params;
  // Another host knows the home of its user.
  const isBelowHome = from.startsWith("~/") && !isAbsolute(params.cwd);
  return { ...params, cwd: isBelowHome ? posix.join(from, params.cwd) : resolve(from, params.cwd) };
}

async function run(options: IpcSendOptions, context: Context): Promise<ExitCode> {
  const { action, spawn, framing, timeoutMs } = options;
  const socket = await daemonSocket(options.socket, context);
  // Before the connection: wrong parameters start no daemon.
  const params = action.kind === "call"
    ? withProject(action.method, await readParams(action.params), context.cwd)
    : undefined;
  // It only carries messages: whose home it is concerns what it asks for, not itself.
  const connection = { socket, spawn, framing, client: "haft ipc-send", anyHome: true };
  const output = { context, quiet: options.quiet };
  if (action.kind === "subscribe") {
    return await (await import("./subscribe.ts")).subscribe(connection, action.subscription, output);
  }
  const { connectToDaemon } = await import("../daemon/connection.ts");
  const { client, socket: found } = await connectToDaemon(connection, context);
  await using daemon = client;
  const { call, list } = await import("./call.ts");
  switch (action.kind) {
    case "call":
      return await call(daemon, { method: action.method, params, timeoutMs }, output);
    case "batch":
      return await (await import("./batch.ts")).batch(daemon, { timeoutMs }, output);
    case "list":
      return await list(daemon, output);
    case "describe": {
      const params = { method: action.method };
      return await call(daemon, { method: "daemon.describe", params, timeoutMs }, output);
    }
    case "print-socket":
      await context.stdout.data(`${found}\n`);
      return ExitCode.ok;
  }
}
