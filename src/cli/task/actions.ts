import { ExitCode } from "../../base/exit_code.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import type { Params, Result } from "../../protocol/methods/mod.ts";
import type { TaskInfo } from "../../protocol/methods/task_methods.ts";
import type { Context } from "../command.ts";
import { connectToDaemon } from "../daemon_connection.ts";
import { asRemoteError } from "../remote_error.ts";
import type { TaskCommandOptions } from "./options.ts";

/** Tasks that one request names or answers with. */
const LARGEST_PAGE = 500;

export async function runTaskAction(
  options: TaskCommandOptions,
  socket: string,
  context: Context,
): Promise<ExitCode> {
  const { client } = await connectToDaemon({ socket, spawn: true, client: "haft task" }, context);
  await using daemon = client;
  try {
    return await act(daemon, options, context);
  } catch (error) {
    throw asRemoteError(error);
  }
}

async function act(daemon: DaemonClient, options: TaskCommandOptions, context: Context): Promise<ExitCode> {
  const { stdout, signal } = context;
  const [first = ""] = options.arguments;
  switch (options.action) {
    case "start": {
      const names = options.command.length > 0 ? [undefined] : options.arguments;
      for (const name of names) {
        const task = await daemon.request("task.start", startRequest(name, options, context), {
          signal,
        });
        await stdout.write(options.json ? `${JSON.stringify(task, null, 2)}\n` : `${task.id}\n`);
      }
      return ExitCode.ok;
    }
    case "run":
      return await (await import("./run.ts")).runTasks(daemon, options, context);
    case "list": {
      return await show(await list(daemon, options, context), options, context);
    }
    case "status":
      return await status(daemon, options, context);
    case "logs":
      return await (await import("./logs.ts")).logs(daemon, first, options, context);
    case "send": {
      const [id = "", text] = options.arguments;
      const message = await daemon.request("task.send", { id, text });
      if (options.json) await stdout.write(`${JSON.stringify(message)}\n`);
      return ExitCode.ok;
    }
    case "cancel":
    case "close": {
      const method = `task.${options.action}` as const;
      const tasks = await Promise.all(
        options.arguments.map((id) => daemon.request(method, { id }, { signal })),
      );
      return await show(tasks, options, context);
    }
    case "resume": {
      const text = options.text === undefined ? {} : { text: options.text };
      const tasks = await Promise.all(
        options.arguments.map((id) => daemon.request("task.resume", { id, ...text })),
      );
      return await show(tasks, options, context);
    }
    case "wait": {
      const tasks = await wait(daemon, options.arguments, signal);
      if (options.json) await stdout.write(`${JSON.stringify(tasks, null, 2)}\n`);
      return worstExit(tasks);
    }
  }
}

/** The newest, as many as are wanted: from as many answers as that takes. */
async function list(
  daemon: DaemonClient,
  { all, lines }: TaskCommandOptions,
  { cwd, signal }: Context,
): Promise<TaskInfo[]> {
  const found: TaskInfo[] = [];
  const scope = all ? {} : { cwd };
  let from: { before?: string } | undefined = {};
  while (from !== undefined && found.length < lines) {
    const page: Params<"task.list"> = {
      ...scope,
      ...from,
      limit: Math.min(lines - found.length, LARGEST_PAGE),
    };
    const { tasks, next }: Result<"task.list"> = await daemon.request("task.list", page, { signal });
    found.push(...tasks);
    from = next === null ? undefined : { before: next };
  }
  return found;
}

/** In turn, as many at a time as one request takes: all have to be over. */
async function wait(
  daemon: DaemonClient,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<TaskInfo[]> {
  const over: TaskInfo[] = [];
  for (let from = 0; from < ids.length; from += LARGEST_PAGE) {
    const part = ids.slice(from, from + LARGEST_PAGE);
    const { tasks } = await daemon.request("task.wait", { ids: part }, { signal });
    over.push(...tasks);
  }
  return over;
}

export function startRequest(
  name: string | undefined,
  { command, text, images, configuration }: TaskCommandOptions,
  { cwd }: Context,
): Params<"task.start"> {
  return {
    cwd,
    ...(name === undefined ? { command } : { name }),
    ...(text === undefined ? {} : { text }),
    ...(images.length === 0 ? {} : { images }),
    ...(configuration === undefined ? {} : { configuration }),
  };
}

/** The exit code of the first that was not completed; a command's own where it has one. */
export function worstExit(tasks: readonly TaskInfo[]): ExitCode {
  const failed = tasks.find(({ state }) => state !== "completed");
  if (failed === undefined) return ExitCode.ok;
  if (failed.reason === "timed_out") return ExitCode.timedOut;
  if (failed.reason === "cancelled") return ExitCode.interrupted;
  const { exit_code: code } = failed;
  return (code === null || code === 0 ? ExitCode.failed : code) as ExitCode;
}

async function status(
  daemon: DaemonClient,
  options: TaskCommandOptions,
  context: Context,
): Promise<ExitCode> {
  const { stdout } = context;
  for (const id of options.arguments) {
    const answer = await daemon.request("task.status", { id });
    if (options.json) {
      await stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
      continue;
    }
    await show([answer.task], options, context);
    for (const { from, data } of answer.messages) {
      await stdout.write(
        `  ${from === "user" ? ">" : "<"} ${typeof data === "string" ? data : JSON.stringify(data)}\n`,
      );
    }
    if (answer.task.error !== null) await stdout.write(`  ${answer.task.error.replaceAll("\n", "\n  ")}\n`);
  }
  return ExitCode.ok;
}

async function show(
  tasks: readonly TaskInfo[],
  { json }: TaskCommandOptions,
  { stdout, stderr }: Context,
): Promise<ExitCode> {
  if (json) {
    await stdout.write(`${JSON.stringify(tasks, null, 2)}\n`);
    return ExitCode.ok;
  }
  if (tasks.length === 0) {
    await stderr.write("There are no tasks yet\n");
    return ExitCode.ok;
  }
  const { table } = await import("../../ui/table.ts");
  const { formatTime } = await import("../../ui/units.ts");
  await stdout.write(table(tasks.map((task) => {
    const { id, name, state, reason, attempt, started_at: began, ended_at: ended, skipped } = task;
    return [
      id,
      name ?? "-",
      state === "aborted" ? `aborted (${reason})` : skipped ? "completed (nothing had changed)" : state,
      attempt > 1 ? `attempt ${attempt}` : "",
      began === null ? "" : formatTime((ended ?? Date.now()) - began),
    ];
  })));
  return ExitCode.ok;
}
