import type { taskMethods } from "../../protocol/methods/task_methods.ts";
import type { TaskService } from "../../tasks/task_service.ts";
import type { Handlers } from "../method_table.ts";
import { textFrom } from "../text_from.ts";
import { lastLines } from "../last_lines.ts";

/** Methods about tasks: names and shapes only, the work is the service's. */
export function taskHandlers(service: () => Promise<TaskService>): Handlers<typeof taskMethods> {
  return {
    "task.start": async (request, { client }) => (await service()).start(request, { clientId: client.id }),
    "task.cancel": async ({ id }) => await (await service()).cancel(id),
    "task.close": async ({ id }) => await (await service()).close(id),
    "task.resume": async ({ id, text, env }) => (await service()).resume(id, { text, env }),
    "task.send": async ({ id, ...said }) => (await service()).send(id, said),
    "task.list": async (query) => (await service()).list(query),
    "task.status": async ({ id }) => (await service()).status(id),
    "task.wait": async ({ ids }, { signal }) => ({ tasks: await (await service()).wait(ids, signal) }),
    "task.logs": async ({ id, lines, offset }) => {
      const { log: path } = (await service()).status(id).task;
      if (offset === undefined) return { path, lines: lastLines(path, lines) };
      return { path, lines: [], ...textFrom(path, offset) };
    },
    "task.outputs": async ({ id }) => (await service()).outputs(id),
    "task.finals": async ({ durable, wait, limit }, { signal }) => ({
      events: await (await service()).finals(durable, { limit, waitMs: wait * 1000, signal }),
    }),
    "task.ack": async ({ durable, id }) => ({ acknowledged: (await service()).acknowledge(durable, id) }),
  };
}
