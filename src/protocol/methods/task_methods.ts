import * as v from "valibot";
import { defineMethod } from "./define.ts";
import { AbsolutePath, Environment, Word } from "./words.ts";

export const TaskState = v.picklist(["queued", "running", "completed", "aborted", "closed"]);
export type TaskState = v.InferOutput<typeof TaskState>;

/** Why a task was aborted. */
export const AbortReason = v.picklist(["failed", "cancelled", "timed_out", "lost"]);
export type AbortReason = v.InferOutput<typeof AbortReason>;

/** Why a task had nothing to do: nothing had changed, its `if` failed, or its `status` succeeded. */
export const SkipReason = v.picklist(["unchanged", "if", "status"]);
export type SkipReason = v.InferOutput<typeof SkipReason>;

const Id = v.pipe(v.string(), v.regex(/^[0-9a-f]{12}$/, "no task's id"));
const Name = v.pipe(v.string(), v.minLength(1), v.maxLength(300));

/** One task. Times are milliseconds since 1970. */
export const TaskInfo = v.object({
  /** 12 hex digits. */
  id: v.string(),
  /** Its name in haft.toml; null where the client gave a command instead. */
  name: v.nullable(v.string()),
  root: v.string(),
  state: TaskState,
  /** Why it was aborted; null else. */
  reason: v.nullable(AbortReason),
  /** Why it is queued and does not run yet, for people: `behind 8 running tasks`; null or missing else. */
  waiting: v.optional(v.nullable(v.string())),
  /** What went wrong, for people. */
  error: v.nullable(v.string()),
  /** 1 for the first. */
  attempt: v.number(),
  /** It was completed without being run. */
  skipped: v.boolean(),
  /** Why; null when it was run, and for a task of an earlier haft's. */
  skip_reason: v.optional(v.nullable(SkipReason), null),
  /** The command's; null while it runs, and for a backend's task. */
  exit_code: v.nullable(v.number()),
  pid: v.nullable(v.number()),
  /** What it gave back. */
  result: v.unknown(),
  text: v.nullable(v.string()),
  /** The client that started it. */
  client_id: v.nullable(v.string()),
  created_at: v.number(),
  started_at: v.nullable(v.number()),
  ended_at: v.nullable(v.number()),
  /** Where what it prints goes. */
  log: v.string(),
});
export type TaskInfo = v.InferOutput<typeof TaskInfo>;

/** Something a task said, or that was said to it. */
export const TaskMessage = v.object({
  /** Counts the messages of one task. */
  seq: v.number(),
  time: v.number(),
  from: v.picklist(["task", "user"]),
  data: v.unknown(),
});
export type TaskMessage = v.InferOutput<typeof TaskMessage>;

const input = {
  /**
   * Handed to the task, with what follows: a command finds it in the file that HAFT_TASK_INPUT names, a
   * backend in the request.
   */
  text: v.optional(v.string()),
  /** Data URLs or paths. */
  images: v.optional(v.pipe(v.array(v.string()), v.maxLength(100))),
  configuration: v.optional(v.record(v.string(), v.unknown())),
};

export const taskMethods = {
  "task.start": defineMethod({
    summary: "Queues a task of a project's haft.toml, or a command; its events come to the caller, too",
    params: v.strictObject({
      cwd: AbsolutePath,
      name: v.optional(Name),
      /** Instead of a task of the manifest; a name beside it is what lists call it. */
      command: v.optional(v.pipe(v.array(Word), v.minLength(1), v.maxLength(10_000))),
      /** Parameters of the task, and words for its command. */
      args: v.optional(v.pipe(v.array(Word), v.maxLength(10_000))),
      /** Runs it although its inputs did not change. */
      force: v.optional(v.boolean()),
      env: Environment,
      ...input,
    }),
    result: TaskInfo,
  }),
  "task.cancel": defineMethod({
    summary: "Ends a queued or running task; answers when none of its processes is left",
    params: v.strictObject({ id: Id }),
    result: TaskInfo,
    long: true,
  }),
  "task.close": defineMethod({
    summary: "Cancels a task if it runs, and forgets it",
    params: v.strictObject({ id: Id }),
    result: TaskInfo,
    long: true,
  }),
  "task.resume": defineMethod({
    summary: "Runs a finished task again, with its history",
    params: v.strictObject({ id: Id, text: v.optional(v.string()), env: Environment }),
    result: TaskInfo,
  }),
  "task.send": defineMethod({
    summary: "Sends a message to a running task",
    params: v.strictObject({ id: Id, ...input }),
    result: TaskMessage,
  }),
  "task.list": defineMethod({
    summary:
      "Tasks, newest first, `text` cut to 200 characters; without `cwd` those of every project; `next` goes on as `before`",
    params: v.strictObject({
      cwd: v.optional(AbsolutePath),
      states: v.optional(v.array(TaskState)),
      limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(500)), 100),
      /** Only tasks older than this one. */
      before: v.optional(Id),
    }),
    result: v.object({ tasks: v.array(TaskInfo), next: v.nullable(Id) }),
  }),
  "task.status": defineMethod({
    summary: "One task, with its messages",
    params: v.strictObject({ id: Id }),
    result: v.object({ task: TaskInfo, messages: v.array(TaskMessage) }),
  }),
  "task.wait": defineMethod({
    summary:
      "Answers when all tasks are over; `text` is cut as in a list, and `result` is left out where the answer would not fit a frame",
    params: v.strictObject({ ids: v.pipe(v.array(Id), v.minLength(1), v.maxLength(500)) }),
    result: v.object({ tasks: v.array(TaskInfo) }),
    long: true,
    waits: true,
  }),
  "task.logs": defineMethod({
    summary:
      "The last lines that a task printed; with `offset`, what the log has from that byte on, as far as one answer goes",
    params: v.strictObject({
      id: Id,
      lines: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10_000)), 100),
      offset: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
    }),
    result: v.object({
      path: v.string(),
      lines: v.array(v.string()),
      /** With `offset`: whole characters, and the offset of what follows them. */
      text: v.optional(v.string()),
      next: v.optional(v.number()),
    }),
  }),
  "task.outputs": defineMethod({
    summary: "The files that the declared `outputs` of a completed task name now, below `directory`",
    params: v.strictObject({ id: Id }),
    result: v.object({ directory: v.string(), files: v.array(v.string()) }),
  }),
  "task.finals": defineMethod({
    summary:
      "Ends of tasks that the durable subscriber has not acknowledged yet, oldest first; kept over restarts",
    params: v.strictObject({
      durable: Name,
      /** Seconds to wait when there is none. */
      wait: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(3_600)), 0),
      limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000)), 100),
    }),
    result: v.object({
      events: v.array(v.object({
        id: v.number(),
        type: v.picklist(["task.completed", "task.aborted"]),
        time: v.number(),
        data: v.unknown(),
      })),
    }),
    long: true,
    waits: true,
  }),
  "task.ack": defineMethod({
    summary: "Acknowledges all ends up to this one for the durable subscriber",
    params: v.strictObject({ durable: Name, id: v.pipe(v.number(), v.integer(), v.minValue(0)) }),
    result: v.object({ acknowledged: v.number() }),
  }),
} as const;
