import type { TaskInfo } from "../protocol/methods/task_methods.ts";
import type { AboutTask, EmitTaskEvent, TaskEventDetails, TaskEventName } from "../protocol/task_events.ts";
import type { Ends } from "./ends.ts";
import type { FinalEvent, History } from "./history.ts";

export interface TaskNewsOptions {
  emit: EmitTaskEvent;
  /** Tells one client alone, if it is still connected. */
  relay: (clientId: string, type: TaskEventName, data: AboutTask) => void;
  history: History;
  ends: Ends;
}

/** Tells subscribers, the client that started a task, and those that wait for it what happens to it. */
export class TaskNews {
  readonly #options: TaskNewsOptions;

  constructor(options: TaskNewsOptions) {
    this.#options = options;
  }

  tell<Name extends TaskEventName>(type: Name, info: TaskInfo, more: TaskEventDetails[Name]): void {
    const { id, name, root, client_id: client } = info;
    const relayed = client === null ? {} : { relay_client_id: client };
    const data = { id, name, root, ...more, ...relayed };
    this.#options.emit(type, data, name ?? id);
    if (client !== null) this.#options.relay(client, type, data);
  }

  /** An end is also kept for durable subscribers, before anybody hears of it. */
  final<Name extends FinalEvent["type"]>(type: Name, info: TaskInfo, more: TaskEventDetails[Name]): void {
    const { id, name, root } = info;
    const { history, ends } = this.#options;
    history.addFinal({ type, time: Date.now(), data: { id, name, root, ...more } });
    this.tell(type, info, more);
    this.tell("task.resumable", info, {});
    ends.tell(id);
  }
}
