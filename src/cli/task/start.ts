import { UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { findTask } from "../../tasks/project_tasks.ts";
import { offerTrust } from "../ask_trust.ts";
import type { Command, Context } from "../command.ts";
import type { Params } from "../../protocol/methods/mod.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { callerEnv } from "../caller_env.ts";
import { withNamedTasks } from "./plan_run.ts";
import {
  FORCE_FLAG,
  ON_FLAGS,
  parseStart,
  START_FLAGS,
  startRequest,
  type TaskStartOptions,
} from "./task_options.ts";

/**
 * What runs a task of another program's file: the daemon starts that as a command.
 *
 * @returns undefined for a task of haft.toml, and for no task, which the daemon says
 * @throws {UntrustedError} when the file is not trusted
 */
async function foreignCommand(
  name: string,
  context: Context,
): Promise<Pick<Params<"task.start">, "name" | "command" | "cwd"> & { command: string[] } | undefined> {
  try {
    const { name: found, project, config } = await withNamedTasks(context, (scope) => findTask(name, scope));
    if (project.program === undefined) return undefined;
    project.requireTrust();
    const command = (config.run ?? []).flatMap((words) => words);
    return { name: found, command, cwd: config.dir ?? project.root };
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

export const command: Command<TaskStartOptions> = {
  usage: ["NAME…", "NAME -- ARGS…", "-- COMMAND…"],
  flags: [FORCE_FLAG, ...ON_FLAGS, ...START_FLAGS],
  examples: [
    'id=$(haft task start build); haft task wait "$id"',
    "haft task start -- make -j4",
    "haft task start test --on role=build",
  ],
  completes: "tasks",
  parse: parseStart,
  async run(options, context) {
    if (options.on !== undefined) {
      const { startOnFleet } = await import("./start_on_fleet.ts");
      return await startOnFleet({ ...options, on: options.on }, context);
    }
    const { stdout, stderr, signal } = context;
    const names = options.command.length > 0 ? [undefined] : options.names;
    const elsewhere = context.remote !== undefined;
    if (elsewhere && options.envFiles.length > 0) {
      throw new UsageError("--env-file is read here, and --host runs the task elsewhere");
    }
    const named = await Promise.all(
      names.map(async (name) => {
        const foreign = name === undefined || elsewhere ? undefined : await foreignCommand(name, context);
        return [name, foreign] as const;
      }),
    );
    const env = elsewhere ? undefined : await callerEnv(options, context);
    await offerTrust(context, { declared: options.command.length === 0 });
    await withDaemon({ socket: options.socket, client: "haft task" }, context, async (daemon) => {
      for (const [name, foreign] of named) {
        const cwd = foreign?.cwd ?? context.cwd;
        const request = { ...startRequest(name, options, { cwd, env }), ...foreign };
        const task = await daemon.request("task.start", request, { signal });
        if (task.state === "queued" && typeof task.waiting === "string") {
          await stderr.write(
            `Task ${task.id} is queued ${task.waiting}; "tasks" under [daemon] of your config.toml allows more\n`,
          );
        }
        await stdout.write(options.json ? `${JSON.stringify(task, null, 2)}\n` : `${task.id}\n`);
      }
    });
    return ExitCode.ok;
  },
};
