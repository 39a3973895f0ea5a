import { UsageError } from "../base/errors.ts";
import type { ExitCode } from "../base/exit_code.ts";
import { ACTIONS, type AppAction, type AppCommandOptions } from "./app/options.ts";
import type { Command, Context, ParsedArgs } from "./command.ts";
import { daemonSocket, SOCKET_FLAG, socketFlag } from "./daemon_endpoint.ts";
import { parseDuration } from "./ipc_params.ts";

export const command: Command<AppCommandOptions> = {
  name: "app",
  summary: "Start, watch and stop a project's processes",
  usage: [
    "start|stop|restart|delete|status|logs|up|down [NAME…|all]",
    "start NAME -- COMMAND…",
    "list|top|save|restore",
    "import FILE   # bunctl's or pm2's, as JSON",
  ],
  flags: [
    { name: "follow", short: "f", description: "Go on with what is written (logs)" },
    { name: "lines", short: "n", value: "N", description: "How many lines (logs; default: 100)" },
    { name: "since", value: "T", description: "Lines since a time, or for a while: 10m (logs)" },
    { name: "grep", value: "RE", description: "Lines that match (logs)" },
    { name: "force", description: "Keep an empty list, too (save); remove logs, too (delete)" },
    { name: "detach", short: "d", description: "Return when all are up, and leave them running (up)" },
    { name: "json", description: "Print JSON" },
    SOCKET_FLAG,
  ],
  examples: [
    "haft app up                    # in front: Ctrl-C stops them all",
    "haft app start web worker",
    "haft app start tunnel -- ssh -N build-host",
    "haft app logs -f --grep error",
  ],
  parse,
  run,
};

function parse({ flags, positional, rest }: ParsedArgs): AppCommandOptions {
  const [action, ...names] = positional;
  if (!isAction(action)) {
    throw new UsageError(action === undefined ? "What about the apps?" : `Unknown action "${action}"`, {
      next: `Write "haft app ${ACTIONS.join("|")}"`,
    });
  }
  if (rest.length > 0 && (action !== "start" || names.length !== 1)) {
    throw new UsageError("A command of its own goes with one name", {
      next: 'Write "haft app start NAME -- COMMAND…"',
    });
  }
  if (action === "import" && names.length !== 1) throw new UsageError("haft app import takes one file");
  const lines = flags.get("lines") ?? "100";
  if (typeof lines !== "string" || !/^[0-9]{1,5}$/.test(lines) || Number(lines) > 10_000) {
    throw new UsageError(`--lines takes a whole number up to 10000, not "${lines}"`);
  }
  const grep = flags.get("grep");
  return {
    action,
    names,
    command: rest,
    lines: Number(lines),
    since: sinceFlag(flags.get("since")),
    grep: typeof grep === "string" ? grep : undefined,
    follow: flags.has("follow"),
    force: flags.has("force"),
    detach: flags.has("detach"),
    json: flags.has("json"),
    socket: socketFlag({ flags, positional, rest }),
  };
}

function isAction(text: string | undefined): text is AppAction {
  return text !== undefined && (ACTIONS as readonly string[]).includes(text);
}

/** A time, or how long ago. @returns milliseconds since 1970 */
function sinceFlag(text: string | true | undefined): number | undefined {
  if (typeof text !== "string") return undefined;
  const time = Date.parse(text);
  if (!Number.isNaN(time)) return time;
  return Date.now() - parseDuration("since", text);
}

async function run(options: AppCommandOptions, context: Context): Promise<ExitCode> {
  if (options.action === "import") {
    return await (await import("./app/import.ts")).importFile(options.names[0] ?? "", context);
  }
  const socket = await daemonSocket(options.socket, context);
  const { runAppAction } = await import("./app/actions.ts");
  return await runAppAction(options, socket, context);
}
