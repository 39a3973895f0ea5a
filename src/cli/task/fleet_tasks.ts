/** Tasks of the fleet's queue, for the verbs that name tasks by their ids. */
import { reasonText } from "./failure_text.ts";
import { resolve } from "node:path";
import { connectFleet } from "../../fleet/connect.ts";
import { TaskClient } from "../../fleet/tasks/task_client.ts";
import type { FleetTask } from "../../fleet/tasks/task_steps.ts";
import type { Context } from "../command.ts";
import { fleetSettings } from "../fleet/membership.ts";

/**
 * Resolves when all of them are over.
 *
 * @param options.outputs where the files go that completed ones have made
 */
export async function waitForFleetTasks(
  ids: readonly string[],
  { outputs }: { outputs: string | undefined },
  context: Context,
): Promise<FleetTask[]> {
  const { signal, cwd, stderr } = context;
  const settings = fleetSettings(context);
  await using connection = await connectFleet(settings, { name: "haft task wait", stay: true });
  const client = await TaskClient.open(connection, settings.name);
  const tasks = await Promise.all(ids.map((id) => client.wait(id, signal)));
  if (outputs === undefined) return tasks;
  for (const task of tasks.filter(({ state }) => state === "completed")) {
    const directory = resolve(cwd, outputs, ...(tasks.length > 1 ? [task.id] : []));
    const count = await client.fetchOutputs(task, directory, signal);
    await stderr.write(`${count} ${count === 1 ? "file" : "files"} of ${task.id} in ${directory}\n`);
  }
  return tasks;
}

/** Ends tasks that this machine has sent. */
export async function cancelFleetTasks(
  ids: readonly string[],
  { json }: { json: boolean },
  context: Context,
): Promise<void> {
  const { signal, stdout } = context;
  const settings = fleetSettings(context);
  await using connection = await connectFleet(settings, { name: "haft task cancel", stay: true });
  const client = await TaskClient.open(connection, settings.name);
  const tasks = await Promise.all(ids.map((id) => client.cancel(id, { host: settings.host, signal })));
  for (const task of tasks) {
    await stdout.write(json ? `${JSON.stringify(task, null, 2)}\n` : describe(task));
  }
}

export async function printFleetTasks(
  ids: readonly string[],
  { json }: { json: boolean },
  context: Context,
): Promise<void> {
  const settings = fleetSettings(context);
  await using connection = await connectFleet(settings, { name: "haft task status", stay: false });
  const client = await TaskClient.open(connection, settings.name);
  for (const id of ids) {
    const task = await client.status(id);
    await context.stdout.write(json ? `${JSON.stringify(task, null, 2)}\n` : describe(task));
  }
}

function describe(task: FleetTask): string {
  const { id, name, state, reason, host, attempts, refused, exit_code, error, outputs } = task;
  const code = exit_code === null ? "" : `, exit code ${exit_code}`;
  const lines = [
    `${id}  ${name ?? "a command"}  ${reason === null ? state : reasonText(reason)}${code}${
      host === null ? "" : `  on ${host}`
    }`,
    ...attempts.map((one) =>
      `  attempt ${one.attempt} on ${one.host}, ${new Date(one.time).toLocaleString("sv-SE")}`
    ),
    ...refused.map((one) => `  ${one.host} does not take it: ${one.reason}`),
    ...(outputs === null ? [] : [`  ${outputs.files} files: haft task wait ${id} --outputs DIR`]),
    ...(task.outputs_error === null ? [] : [`  its outputs were not kept: ${task.outputs_error}`]),
    ...(error === null ? [] : [`  ${error.replaceAll("\n", "\n  ")}`]),
  ];
  return `${lines.join("\n")}\n`;
}
