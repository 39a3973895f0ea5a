import type { DaemonClient } from "../../client/daemon_client.ts";
import type { TaskInfo } from "../../protocol/methods/task_methods.ts";
import { ProgramText } from "../../ui/program_text.ts";
import { followFile } from "../../base/follow_file.ts";

/**
 * Passes on what a task prints, until it is over and all of its output was read.
 *
 * @returns the task as it is then
 */
export async function followTask(
  daemon: DaemonClient,
  { id, path }: { id: string; path: string },
  { signal, color, write, closed, from }: {
    signal: AbortSignal;
    /** Whether the task's own colours stay. */
    color: boolean;
    /** Gets text for `Output.write`. */
    write: (text: string) => Promise<void>;
    closed: () => boolean;
    /** From the beginning of the file, and not from its end. */
    from?: "start";
  },
): Promise<TaskInfo | undefined> {
  const over = new AbortController();
  const task = daemon.request("task.wait", { ids: [id] }, { signal }).then((answer) => {
    over.abort();
    return answer.tasks[0];
  });
  task.catch(() => over.abort());
  const program = new ProgramText({ color });
  const ending = AbortSignal.any([signal, over.signal]);
  for await (const text of followFile(path, { signal: ending, ...(from === undefined ? {} : { from }) })) {
    await write(program.push(text));
    if (closed()) return undefined;
  }
  await write(program.end());
  return await task;
}
