import { Buffer } from "node:buffer";
import { HaftError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { followFile } from "../../base/follow_file.ts";
import { Disconnected } from "../../channel/errors.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import type { Params } from "../../protocol/methods/mod.ts";
import type { TaskInfo } from "../../protocol/methods/task_methods.ts";
import type { PlannedTask } from "../../tasks/task_plan.ts";
import type { Context } from "../command.ts";
import { keepConnected } from "../daemon/keep_connected.ts";
import type { TaskRunOptions } from "./run_options.ts";
import type { TaskOutput } from "./task_output.ts";

export interface RunInDaemonOptions {
  options: TaskRunOptions;
  context: Context;
  /** The caller's environment. */
  env: Record<string, string>;
  written: TaskOutput;
  signal: AbortSignal;
}

/**
 * Runs a task that needs the daemon, a backend's or one with an input, and passes on what it prints. The task
 * goes on when the daemon ends, and so does this with the next daemon.
 */
export async function runInDaemon(
  task: PlannedTask | undefined,
  options: RunInDaemonOptions,
): Promise<TaskInfo> {
  const { context, written, signal, options: { json, socket } } = options;
  let started: TaskInfo | undefined;
  let printing: Promise<void> | undefined;
  let cancel = () => {};
  const over = new AbortController();
  const print = async ({ log }: TaskInfo) => {
    for await (const part of followFile(log, { signal: over.signal, from: "start" })) {
      // As SIGPIPE would end it.
      if (!json && !await written.write("stdout", Buffer.from(part))) cancel();
    }
  };
  const connection = {
    socket,
    client: "haft task",
    get comeBack() {
      return started === undefined ? "haft task list" : `haft task logs -f ${started.id}`;
    },
  };
  try {
    return await keepConnected(connection, context, async (daemon) => {
      const { id } = started ??= await startOnce(daemon, startRequest(task, options), signal);
      printing ??= print(started);
      cancel = () => void daemon.request("task.cancel", { id }).catch(() => {});
      signal.addEventListener("abort", cancel, { once: true });
      if (signal.aborted) cancel();
      try {
        const { tasks: [info] } = await daemon.request("task.wait", { ids: [id] });
        over.abort();
        await printing;
        return info ?? started;
      } finally {
        signal.removeEventListener("abort", cancel);
      }
    });
  } finally {
    over.abort();
    await printing;
  }
}

function startRequest(
  task: PlannedTask | undefined,
  { options, context, env }: RunInDaemonOptions,
): Params<"task.start"> {
  const { text, images, configuration, force, rest } = options;
  return {
    cwd: task?.project.root ?? context.cwd,
    ...(task === undefined ? { command: [...rest] } : {
      name: task.name,
      args: [
        ...Object.entries(task.given.values).map(([name, value]) => `--${name}=${value}`),
        ...task.given.words,
      ],
    }),
    env,
    force,
    ...(text === undefined ? {} : { text }),
    ...(images.length === 0 ? {} : { images: [...images] }),
    ...(configuration === undefined ? {} : { configuration }),
  };
}

/** A request that was lost with its daemon is not repeated: the task may have started. */
async function startOnce(
  daemon: DaemonClient,
  request: Params<"task.start">,
  signal: AbortSignal,
): Promise<TaskInfo> {
  try {
    return await daemon.request("task.start", request, { signal });
  } catch (error) {
    if (!(error instanceof Disconnected)) throw error;
    throw new HaftError("The daemon ended before it said that the task started", {
      next: 'See whether it did: "haft task list"',
      exitCode: ExitCode.transport,
      cause: error,
    });
  }
}
