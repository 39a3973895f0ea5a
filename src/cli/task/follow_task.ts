import type { TaskInfo } from "../../protocol/methods/task_methods.ts";
import { ProgramText } from "../../ui/program_text.ts";
import { followFile } from "../../base/follow_file.ts";

/**
 * Passes on what a task prints into a file, until it is over and all of its output was read.
 *
 * @returns the task as it is then
 */
export async function followTask(
  path: string,
  { wait, signal, color, write, closed, from }: {
    /** Gives the task when it is over. */
    wait: (signal: AbortSignal) => Promise<TaskInfo | undefined>;
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
  const left = new AbortController();
  const task = wait(AbortSignal.any([signal, left.signal])).finally(() => over.abort());
  task.catch(() => {});
  const program = new ProgramText({ color });
  const ending = AbortSignal.any([signal, over.signal]);
  for await (const text of followFile(path, { signal: ending, ...(from === undefined ? {} : { from }) })) {
    await write(program.push(text));
    if (closed()) {
      // Its connection would keep this process.
      left.abort();
      return undefined;
    }
  }
  await write(program.end());
  return await task;
}
