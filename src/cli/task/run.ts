import { ExitCode } from "../../base/exit_code.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import type { TaskInfo } from "../../protocol/methods/task_methods.ts";
import { configOf, projectTasks } from "../../tasks/project_tasks.ts";
import { openProject } from "../../tools/project/project.ts";
import { createStyle } from "../../ui/style.ts";
import { offerTrust } from "../ask_trust.ts";
import type { Command, Context } from "../command.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { followTask } from "./follow_task.ts";
import { parseStart, START_FLAGS, startRequest, type TaskStartOptions } from "./task_options.ts";
import { worstExit } from "./worst_exit.ts";

export const command: Command<TaskStartOptions> = {
  usage: ["NAME…", "-- COMMAND…"],
  flags: START_FLAGS,
  examples: ["haft task run test", "haft task run lint test build", "haft task run -- make -j4"],
  completes: "tasks",
  parse: parseStart,
  async run(options, context) {
    await offerTrust(context, { declared: options.command.length === 0 });
    return await withDaemon(
      { socket: options.socket, client: "haft task" },
      context,
      (daemon) => runTasks(daemon, options, context),
    );
  },
};

/**
 * Runs tasks in front, each after those that it depends on, and otherwise side by side. A task is not run
 * when one that it depends on fails. Ctrl-C cancels what runs.
 */
async function runTasks(
  daemon: DaemonClient,
  options: TaskStartOptions,
  context: Context,
): Promise<ExitCode> {
  const { stdout, stderr, signal } = context;
  const style = createStyle(stderr.color);
  const plan = dependencies(options, context);
  const results = new Map<string, Promise<TaskInfo | undefined>>();
  const several = plan.size > 1;
  const ended: TaskInfo[] = [];

  const once = (name: string): Promise<TaskInfo | undefined> => {
    const known = results.get(name);
    if (known !== undefined) return known;
    const running = runOne(name);
    results.set(name, running);
    return running;
  };
  const runOne = async (name: string): Promise<TaskInfo | undefined> => {
    const before = await Promise.all((plan.get(name) ?? []).map(once));
    if (before.some((task) => task?.state !== "completed")) {
      await stderr.write(style.dim(`${name} is not run: what it depends on was not completed\n`));
      return undefined;
    }
    const request = startRequest(options.command.length > 0 ? undefined : name, options, context);
    const started = await daemon.request("task.start", request, { signal });
    const cancel = () => void daemon.request("task.cancel", { id: started.id }).catch(() => {});
    signal.addEventListener("abort", cancel, { once: true });
    const write = several && !options.json
      ? prefixed(name, (text) => stdout.write(text))
      : (text: string) => stdout.write(text);
    const never = new AbortController().signal;
    const task = await followTask(daemon, { id: started.id, path: started.log }, {
      // After Ctrl-C, too: what it prints while it ends, and how it ended.
      signal: never,
      color: stdout.color,
      from: "start",
      write: options.json ? () => Promise.resolve() : write,
      closed: () => stdout.closed,
    });
    signal.removeEventListener("abort", cancel);
    if (task === undefined) return undefined;
    ended.push(task);
    if (options.json) await stdout.write(`${JSON.stringify(task)}\n`);
    else await stderr.write(style.dim(`${summary(name, task)}\n`));
    return task;
  };

  await Promise.all(options.command.length > 0 ? [once("command")] : options.names.map(once));
  if (signal.aborted) return ExitCode.interrupted;
  return worstExit(ended);
}

/** Every task that is needed, with those that it depends on. */
function dependencies(
  { names, command }: TaskStartOptions,
  context: Context,
): Map<string, readonly string[]> {
  if (command.length > 0) return new Map([["command", []]]);
  const project = projectTasks(openProject(context.cwd, context));
  const plan = new Map<string, readonly string[]>();
  const add = (name: string) => {
    if (plan.has(name)) return;
    const { depends } = configOf(project, name);
    plan.set(name, depends);
    depends.forEach(add);
  };
  names.forEach(add);
  return plan;
}

function summary(name: string, { state, reason, skipped, error }: TaskInfo): string {
  if (skipped) return `${name}: nothing had changed`;
  if (state === "completed") return `${name}: completed`;
  return `${name}: ${reason}${error === null ? "" : `, ${error}`}`;
}

/** Whole lines with their task's name in front. */
function prefixed(name: string, write: (text: string) => Promise<void>): (text: string) => Promise<void> {
  let begun = true;
  return async (text) => {
    const lines = text.split(/(?<=\n)/);
    for (const line of lines) {
      await write(begun ? `${name} | ${line}` : line);
      begun = line.endsWith("\n");
    }
  };
}
