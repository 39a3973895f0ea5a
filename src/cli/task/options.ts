export const ACTIONS = [
  "run",
  "start",
  "list",
  "status",
  "logs",
  "send",
  "cancel",
  "close",
  "resume",
  "wait",
] as const;
export type TaskAction = typeof ACTIONS[number];

export interface TaskCommandOptions {
  action: TaskAction;
  /** Names or ids; for `send`, an id and a text. */
  arguments: readonly string[];
  /** Of a task that no manifest has. */
  command: readonly string[];
  text: string | undefined;
  images: readonly string[];
  configuration: Record<string, unknown> | undefined;
  lines: number;
  follow: boolean;
  json: boolean;
  /** Tasks of every project (list). */
  all: boolean;
  socket: string | undefined;
}
