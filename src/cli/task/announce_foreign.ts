import type { Env } from "../../base/env.ts";
import { HaftError } from "../../base/errors.ts";
import { findCommand } from "../../process/find_command.ts";
import type { PlannedTask } from "../../tasks/task_plan.ts";

/**
 * Which program runs a task of another program's file.
 *
 * @throws {HaftError} when that program is not installed
 */
export function announceForeign({ label, project, config }: PlannedTask, inherited: Env | undefined): string {
  const { program = "", manifest, root } = project;
  const { PATH: path } = project.environment({ inherited, own: {} });
  try {
    findCommand(program, { cwd: config.dir ?? root, path });
  } catch (cause) {
    throw new HaftError(`"${label}" is a task of "${manifest}", and ${program} is not installed`, {
      next: `Install it, or add it with "haft use ${program}"`,
      cause,
    });
  }
  return `haft: "${label}" is a task of "${manifest}", run by ${program}`;
}
