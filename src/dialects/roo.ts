/**
 * Roo-Code's packages/ipc on node-ipc 12: JSON and a form feed; the server speaks first; no request ids, and
 * no error replies.
 */
import { homedir } from "node:os";
import process from "node:process";
import * as v from "valibot";
import { cutText } from "../base/cut_text.ts";
import { errorMessage } from "../base/errors.ts";
import type { DaemonEvent } from "../protocol/events.ts";
import { FrameError } from "../socket/framing/frame_error.ts";
import { LIMITS } from "../socket/limits.ts";
import type { Daemon, Dialect, DialectPeer, DialectSession } from "./dialect.ts";
import { outputEvent, type RooEvent, rooEvents } from "./roo_events.ts";
import { DOCUMENTED, DOCUMENTED_LINES, readCommand, RELEASED, type RooSpelling } from "./roo_spelling.ts";
import { TaskOutput } from "./task_output.ts";

export interface RooSettings {
  /** The task that StartNewTask starts. */
  task: string;
  /** The directory whose project has it. */
  cwd: string;
}

const DEFAULT_TASK = "agent";

/** The daemon gives no other ids. */
const TASK_ID = /^[0-9a-f]{12}$/;

const Started = v.object({
  configuration: v.nullish(v.record(v.string(), v.unknown())),
  text: v.nullish(v.string()),
  images: v.nullish(v.array(v.string())),
});

/** A task by name, as some clients write it instead of the bare id. */
const Named = v.object({ taskId: v.string() });

/** The wire of packages/ipc, as the name says: released, or one of the document's. */
export function rooDialect(
  name: "roo" | "codex" | "codex-lines",
  { task = DEFAULT_TASK, cwd = homedir() }: {
    [Name in keyof RooSettings]?: RooSettings[Name] | undefined;
  } = {},
): Dialect {
  const spelling = SPELLINGS[name];
  return {
    name,
    framing: spelling.framing,
    maxFrameBytes: LIMITS.frameCeiling,
    mayStaySilent: true,
    open: (peer, daemon) => new RooSession(peer, daemon, { task, cwd, spelling }),
    complaint: (message) => spelling.event(complaintOf("", message)),
  };
}

const SPELLINGS = { "roo": RELEASED, "codex": DOCUMENTED, "codex-lines": DOCUMENTED_LINES } as const;

class RooSession implements DialectSession {
  readonly #peer: DialectPeer;
  readonly #daemon: Daemon;
  readonly #settings: RooSettings;
  readonly #spelling: RooSpelling;
  #current: string | undefined;
  /** Tasks of plain commands that run. */
  readonly #outputs = new Map<string, TaskOutput>();
  readonly #endings = new Map<string, Promise<void>>();
  /** Tasks that said something on their channel. */
  readonly #spoke = new Set<string>();

  constructor(
    peer: DialectPeer,
    daemon: Daemon,
    { spelling, ...settings }: RooSettings & { spelling: RooSpelling },
  ) {
    this.#peer = peer;
    this.#daemon = daemon;
    this.#settings = settings;
    this.#spelling = spelling;
    const { clientId } = daemon;
    peer.send(spelling.ack({ clientId, pid: process.pid, ppid: process.ppid }));
    daemon.request("events.subscribe", { types: ["task.*"], subject: settings.task }).catch((error) =>
      this.#complain(error)
    );
  }

  heard(event: DaemonEvent): void {
    // The stream went on without this client, which did not read.
    if (event.event === "lagged") this.#complain(new Error(`${event.data.dropped} events were missed`));
    // Copies for this client alone have no number; the stream brings the same events.
    if (event.seq === undefined) return;
    this.#hear(event);
  }

  ended(): void {
    for (const output of this.#outputs.values()) void output.end();
  }

  /** A plain command's output is what it says; one that speaks on its channel is heard there alone. */
  #hear(event: DaemonEvent): void {
    const say = () => {
      for (const told of rooEvents(event)) this.#event(told);
    };
    switch (event.event) {
      case "task.started": {
        say();
        const { data } = event;
        if (data.pid === null || data.adopted) return;
        this.#spoke.delete(data.id);
        const output = new TaskOutput(this.#daemon, data.id, {
          onLine: (line) => {
            if (!this.#spoke.has(data.id)) this.#event(outputEvent(data, line));
          },
          isFull: () => this.#peer.full,
        });
        this.#outputs.set(data.id, output);
        return;
      }
      case "task.message":
        if (event.data.message.from === "task") this.#spoke.add(event.data.id);
        return this.#inOrder(event.data.id, say);
      case "task.completed":
      case "task.aborted":
      case "task.retrying":
        return this.#ended(event.data.id, say);
      case "task.resumable":
        return this.#inOrder(event.data.id, say);
      default:
        return say();
    }
  }

  /** Events after a task's end wait until the last of its output was sent. */
  #ended(id: string, say: () => void): void {
    const output = this.#outputs.get(id);
    if (output === undefined) return say();
    this.#outputs.delete(id);
    this.#endings.set(
      id,
      output.end().then(() => {
        say();
        this.#endings.delete(id);
        this.#spoke.delete(id);
      }),
    );
  }

  #inOrder(id: string, say: () => void): void {
    const ending = this.#endings.get(id);
    if (ending === undefined) say();
    else void ending.then(say);
  }

  async message(value: unknown): Promise<void> {
    try {
      const command = readCommand(value);
      if (command !== undefined) await this.#command(command.commandName, command.data);
    } catch (error) {
      this.#complain(error);
    }
  }

  async #command(name: string, data: unknown): Promise<void> {
    switch (name) {
      case "StartNewTask": {
        const { text, images, configuration } = v.parse(Started, data ?? {});
        const { task, cwd } = this.#settings;
        const { id } = await this.#daemon.request("task.start", {
          cwd,
          name: task,
          ...(text === null || text === undefined ? {} : { text }),
          ...(images === null || images === undefined ? {} : { images }),
          ...(configuration === null || configuration === undefined ? {} : { configuration }),
        });
        this.#current = id;
        return;
      }
      case "CancelTask":
        await this.#daemon.request("task.cancel", { id: this.#meant(data) });
        return;
      case "CloseTask": {
        const id = this.#meant(data);
        await this.#daemon.request("task.close", { id });
        if (id === this.#current) this.#current = undefined;
        return;
      }
      case "ResumeTask": {
        const id = this.#meant(data);
        await this.#daemon.request("task.resume", { id });
        this.#current = id;
        return;
      }
      case "SendMessage": {
        const { text, images } = v.parse(Started, data ?? {});
        await this.#daemon.request("task.send", {
          id: this.#meant(undefined),
          ...(text === null || text === undefined ? {} : { text }),
          ...(images === null || images === undefined ? {} : { images }),
        });
        return;
      }
      case "GetCommands":
        return this.#event({ eventName: "commandsResponse", payload: [[]] });
      case "GetModes":
        return this.#event({ eventName: "modesResponse", payload: [[]] });
      case "GetModels":
        return this.#event({ eventName: "modelsResponse", payload: [{}] });
      default:
        throw new Error(`There is no command ${cutText(name)}`);
    }
  }

  /**
   * The task that a command names, whichever client started it; without a name this client's current one.
   *
   * @throws {Error} when there is no such task
   */
  #meant(named: unknown): string {
    const id = v.is(Named, named) ? named.taskId : named ?? this.#current;
    if (id === undefined) throw new Error("This client has no task");
    if (typeof id === "string" && TASK_ID.test(id)) return id;
    throw new Error(`There is no task ${cutText(typeof id === "string" ? id : JSON.stringify(id))}`);
  }

  #complain(error: unknown): void {
    this.#event(complaintOf(this.#current ?? "", errorMessage(error)));
  }

  #event(event: RooEvent): void {
    const message = this.#spelling.event(event);
    if (message === undefined) return;
    try {
      this.#peer.send(message);
    } catch (error) {
      // Some events wait for a task's output: what they throw would reach no caller.
      if (!(error instanceof FrameError)) throw error;
      this.#complain(error);
    }
  }
}

/** As a message of the task: the only way that the wire has to say that something went wrong. */
function complaintOf(taskId: string, message: string): RooEvent {
  const tooLarge = /longer than|at most \d+ are allowed/.test(message);
  const next = tooLarge
    ? ' Raise "frame" under [daemon] in your config.toml, or hand over the path of the file.'
    : "";
  const said = { ts: Date.now(), type: "say", say: "error", text: `${message}.${next}` };
  return {
    eventName: "message",
    payload: [{ taskId, action: "created", message: said }],
    taskId,
    message: said,
  };
}
