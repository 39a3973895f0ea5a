import { UsageError } from "../base/errors.ts";
import type { ExitCode } from "../base/exit_code.ts";
import type { Command, Context, ParsedArgs } from "./command.ts";
import { daemonSocket, SOCKET_FLAG, socketFlag } from "./daemon_endpoint.ts";
import { ACTIONS, type TaskAction, type TaskCommandOptions } from "./task/options.ts";

export const command: Command<TaskCommandOptions> = {
  name: "task",
  summary: "Run a project's tasks, follow, cancel and resume them",
  usage: [
    "run NAME…",
    "start NAME|-- COMMAND…",
    "status|cancel|close|resume|wait ID…",
    "logs ID [-f]",
    "send ID TEXT",
    "list",
  ],
  flags: [
    { name: "text", value: "T", description: "What the task is told (start, run, resume)" },
    { name: "image", value: "F,…", description: "Images that it is given (start, run)" },
    { name: "config", value: "JSON", description: "Its configuration (start, run)" },
    { name: "follow", short: "f", description: "Go on until it is over (logs)" },
    {
      name: "lines",
      short: "n",
      value: "N",
      description: "How many lines (logs) or tasks (list); default: 100",
    },
    { name: "all", short: "a", description: "Those of every project (list)" },
    { name: "json", description: "Print JSON" },
    SOCKET_FLAG,
  ],
  examples: [
    "haft task run test",
    'id=$(haft task start build); haft task wait "$id"',
    "haft task start -- make -j4",
    "haft task list --json",
  ],
  parse,
  run,
};

function parse({ flags, positional, rest }: ParsedArgs): TaskCommandOptions {
  const [action, ...given] = positional;
  if (!isAction(action)) {
    throw new UsageError(action === undefined ? "What about the tasks?" : `Unknown action "${action}"`, {
      next: `Write "haft task ${ACTIONS.join("|")}"`,
    });
  }
  if (rest.length > 0 && (action !== "start" && action !== "run" || given.length > 0)) {
    throw new UsageError("A command of its own goes without a name", {
      next: 'Write "haft task start -- COMMAND…"',
    });
  }
  if (action !== "list" && given.length + rest.length === 0) {
    throw new UsageError(`What is to ${action}? Nothing was named`, {
      next: action === "run" || action === "start" ? "Name a task" : 'Run "haft task list" for the ids',
    });
  }
  if (action === "send" && given.length !== 2) throw new UsageError("haft task send takes an id and a text");
  const lines = flags.get("lines") ?? "100";
  if (typeof lines !== "string" || !/^[0-9]{1,5}$/.test(lines) || Number(lines) > 10_000) {
    throw new UsageError(`--lines takes a whole number up to 10000, not "${lines}"`);
  }
  const [text, image, config] = [flags.get("text"), flags.get("image"), flags.get("config")];
  return {
    action,
    arguments: given,
    command: rest,
    text: typeof text === "string" ? text : undefined,
    images: typeof image === "string" ? image.split(",") : [],
    configuration: typeof config === "string" ? parseConfig(config) : undefined,
    lines: Number(lines),
    follow: flags.has("follow"),
    json: flags.has("json"),
    all: flags.has("all"),
    socket: socketFlag({ flags, positional, rest }),
  };
}

function isAction(text: string | undefined): text is TaskAction {
  return text !== undefined && (ACTIONS as readonly string[]).includes(text);
}

function parseConfig(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Said below.
  }
  throw new UsageError("--config takes an object of JSON", { next: `Write one such as '{"mode": "fast"}'` });
}

async function run(options: TaskCommandOptions, context: Context): Promise<ExitCode> {
  const socket = await daemonSocket(options.socket, context);
  const { runTaskAction } = await import("./task/actions.ts");
  return await runTaskAction(options, socket, context);
}
