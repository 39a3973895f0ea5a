import { parametersOf } from "../../tasks/task_arguments.ts";
import type { TaskPlan } from "../../tasks/task_plan.ts";
import { taskNamed } from "../../tasks/task_named.ts";
import { showCommand } from "../../process/command_line.ts";
import { table, type TableScreen } from "../../ui/table.ts";

/** `haft run NAME --help`: what the named tasks do and take. */
export function taskHelp(plan: TaskPlan, words: readonly string[], screen?: TableScreen): string {
  const named = [...plan.values()].filter(({ name, config, project }) =>
    words.some((word) => word.endsWith(name) || taskNamed(project.tasks, word)?.config === config)
  );
  return named.map(({ name, config, given: _ }) => {
    const parameters = parametersOf(config);
    const usage = parameters.map(([one, { default: usual }]) =>
      usual === undefined ? ` --${one} ${one.toUpperCase()}` : ` [--${one} ${one.toUpperCase()}]`
    ).join("");
    const rows = parameters.map(([one, { default: usual, choices, description }]) => [
      `  --${one} ${one.toUpperCase()}`,
      [
        description,
        choices === undefined ? undefined : `one of ${choices.join(", ")}`,
        usual === undefined ? "required" : `default: ${usual}`,
      ].filter((part) => part !== undefined).join("; "),
    ]);
    return [
      ...(config.description === undefined ? [] : [config.description, ""]),
      `Usage: haft run ${name}${usage} [-- ARGS…]`,
      ...(config.aliases.length === 0 ? [] : [`Aliases: ${config.aliases.join(", ")}`]),
      ...(config.depends.length === 0 ? [] : [`Depends on: ${config.depends.join(", ")}`]),
      ...(rows.length === 0 ? [] : ["", "Parameters:", table(rows, screen).trimEnd()]),
      ...(config.run === undefined ? [] : [
        "",
        "Runs:",
        ...config.run.map((one) => `  ${showCommand(one).join(" ").trim().replaceAll("\n", "\n  ")}`),
      ]),
      "",
    ].join("\n");
  }).join("\n");
}
