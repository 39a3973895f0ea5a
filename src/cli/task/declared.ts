import type { UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import type { Command } from "../command.ts";
import { noFurther } from "../flag_values.ts";
import { declaredTasks } from "./declared_tasks.ts";

export interface TaskDeclaredOptions {
  all: boolean;
  json: boolean;
}

/** `haft tasks`. */
export const command: Command<TaskDeclaredOptions> = {
  usage: [""],
  flags: [
    { name: "all", short: "a", description: "Hidden ones too" },
    { name: "json", description: "Print JSON" },
  ],
  examples: ["haft tasks", "haft tasks --json"],
  parse(args) {
    noFurther([...args.positional, ...args.rest], 'Run a task with "haft run NAME"');
    return { all: args.flags.has("all"), json: args.flags.has("json") };
  },
  async run({ all, json }, context) {
    const { stdout, stderr } = context;
    const wrong: UsageError[] = [];
    const tasks = await declaredTasks(context, { hidden: all, onWrong: (error) => wrong.push(error) });
    if (json) await stdout.data(`${JSON.stringify(tasks, null, 2)}\n`);
    else if (tasks.length === 0) {
      const { unreadNote } = await import("../../tasks/unread_files.ts");
      const { nothingHereText } = await import("../../ui/nothing_here.ts");
      await stderr.write(nothingHereText("tasks", unreadNote([context.cwd])));
    } else {
      const { table } = await import("../../ui/table.ts");
      await stdout.write(table(
        tasks.map(({ name, aliases, description, source }) => [
          [name, ...aliases].join(", "),
          description ?? "",
          source === "haft.toml" ? "" : source,
        ]),
        stdout,
      ));
    }
    for (const { message, next = "" } of wrong) {
      await stderr.write(`Warning: ${message}\n${next.replace(/^(?=.)/gm, "  ")}\n`);
    }
    return ExitCode.ok;
  },
};
