import { UsageError } from "../../base/errors.ts";
import { readLine } from "../ask_trust.ts";
import type { Context } from "../command.ts";
import { declaredTasks } from "./declared_tasks.ts";

/** Lets a person at a terminal choose a task. @throws {UsageError} without a terminal, naming the tasks */
export async function pickTask(context: Context): Promise<string | undefined> {
  const { stdin, stderr, signal } = context;
  const tasks = await declaredTasks(context);
  if (tasks.length === 0) {
    throw new UsageError("This project declares no tasks", {
      next: "Declare one under [tasks] in haft.toml",
    });
  }
  if (!stdin.isTTY || !stderr.isTTY) {
    throw new UsageError("Which task? None was named", {
      next: `Name one: ${tasks.map(({ name }) => name).join(", ")}`,
    });
  }
  const width = Math.max(...tasks.map(({ name }) => name.length));
  const lines = tasks.map(({ name, description }, at) =>
    `${String(at + 1).padStart(3)}  ${name.padEnd(width)}  ${description ?? ""}`.trimEnd()
  );
  await stderr.write(`${lines.join("\n")}\nWhich task? Number or name: `);
  const answer = (await readLine(signal)).trim();
  if (answer === "") return undefined;
  return /^\d+$/.test(answer) ? tasks[Number(answer) - 1]?.name ?? answer : answer;
}
