import { HaftError } from "../base/errors.ts";
import { quotePosix } from "../process/command_line.ts";
import { RequestError } from "../protocol/wire_error.ts";
import { findTask, type FoundTask, type TaskScope } from "./project_tasks.ts";
import { isGroup } from "./task_group.ts";

/**
 * The declared task that a request to start one names.
 *
 * @throws {HaftError} when there is none, it is a group, or its manifest is not trusted
 */
export function startable(name: string | undefined, scope: TaskScope): FoundTask {
  if (name === undefined) throw new RequestError("invalid_params", 'A task needs "name" or "command"');
  const found = findTask(name, scope);
  found.project.requireTrust();
  if (isGroup(found.config)) throw groupError(found);
  return found;
}

/** A started task leaves out what it depends on, so a group would do nothing, and be completed. */
function groupError({ name, config: { depends } }: FoundTask): HaftError {
  const quoted = quotePosix(name);
  return new HaftError(
    `Task "${name}" only groups others, and a started task leaves out what it depends on`,
    {
      next:
        `"haft run ${quoted}" runs them all, "haft task start -- haft run ${quoted}" in the background; ` +
        `"haft task start ${depends.map(quotePosix).join(" ")}" starts each by itself`,
    },
  );
}
