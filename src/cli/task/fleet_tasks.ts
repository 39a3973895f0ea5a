/** Tasks of the fleet's queue, for the verbs that name tasks by their ids. */
import { connectFleet } from "../../fleet/connect.ts";
import { type FleetTask, TaskClient } from "../../fleet/tasks/task_client.ts";
import type { Context } from "../command.ts";
import { fleetSettings } from "../fleet/membership.ts";

/** Resolves when all of them are over. */
export async function waitForFleetTasks(ids: readonly string[], context: Context): Promise<FleetTask[]> {
  const settings = fleetSettings(context);
  await using connection = await connectFleet(settings, { name: "haft task wait", stay: true });
  const client = await TaskClient.open(connection, settings.name);
  return await Promise.all(ids.map((id) => client.wait(id, context.signal)));
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

function describe({ id, name, state, reason, host, attempts, refused, exit_code, error }: FleetTask): string {
  const code = exit_code === null ? "" : `, exit code ${exit_code}`;
  const lines = [
    `${id}  ${name ?? "a command"}  ${state}${reason === null ? "" : ` (${reason})`}${code}${
      host === null ? "" : `  on ${host}`
    }`,
    ...attempts.map((one) =>
      `  attempt ${one.attempt} on ${one.host}, ${new Date(one.time).toLocaleString("sv-SE")}`
    ),
    ...refused.map((one) => `  ${one.host} does not take it: ${one.reason}`),
    ...(error === null ? [] : [`  ${error.replaceAll("\n", "\n  ")}`]),
  ];
  return `${lines.join("\n")}\n`;
}
