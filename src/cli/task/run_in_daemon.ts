import { Buffer } from "node:buffer";
import type { TaskInfo } from "../../protocol/methods/task_methods.ts";
import type { PlannedTask } from "../../tasks/task_plan.ts";
import type { Context } from "../command.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { followFile } from "../../base/follow_file.ts";
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

/** Runs a task that needs the daemon, a backend's or one with an input, and passes on what it prints. */
export async function runInDaemon(
  task: PlannedTask | undefined,
  { options, context, env, written, signal }: RunInDaemonOptions,
): Promise<TaskInfo> {
  const { text, images, configuration, force, rest, json } = options;
  return await withDaemon({ socket: options.socket, client: "haft task" }, context, async (daemon) => {
    const started = await daemon.request("task.start", {
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
    }, { signal });
    const cancel = () => void daemon.request("task.cancel", { id: started.id }).catch(() => {});
    signal.addEventListener("abort", cancel, { once: true });
    const over = new AbortController();
    const ended = daemon.request("task.wait", { ids: [started.id] }).finally(() => over.abort());
    ended.catch(() => {});
    for await (const part of followFile(started.log, { signal: over.signal, from: "start" })) {
      // As SIGPIPE would end it.
      if (!json && !await written.write("stdout", Buffer.from(part))) cancel();
    }
    signal.removeEventListener("abort", cancel);
    const { tasks: [info] } = await ended;
    return info ?? started;
  });
}
