export const ACTIONS = [
  "start",
  "stop",
  "restart",
  "delete",
  "status",
  "list",
  "logs",
  "up",
  "down",
  "top",
  "save",
  "restore",
  "import",
] as const;
export type AppAction = typeof ACTIONS[number];

export interface AppCommandOptions {
  action: AppAction;
  /** Empty for all of the project's; `all` alone for those of every project. */
  names: readonly string[];
  /** Of an app that no manifest has. */
  command: readonly string[];
  lines: number;
  /** Milliseconds since 1970. */
  since: number | undefined;
  grep: string | undefined;
  follow: boolean;
  force: boolean;
  detach: boolean;
  json: boolean;
  socket: string | undefined;
}
