/** The messages of packages/ipc, as its document has them. */
export type IpcOrigin = "Client" | "Server";

export interface TaskCommand {
  commandName: string;
  data?: unknown;
}

/** `TaskStarted`, `TaskCompleted` and `TaskAborted` have a `timestamp`; `Message` has a `message`. */
export interface TaskEvent {
  type: "TaskStarted" | "TaskCompleted" | "TaskAborted" | "Message";
  taskId: string;
  timestamp?: number;
  message?: unknown;
}

export interface Ack {
  clientId: string;
  pid: number;
  ppid: number;
}

export type IpcMessage =
  | { type: "Ack"; origin: "Server"; data: Ack }
  | { type: "TaskCommand"; origin: "Client"; clientId: string; data: TaskCommand }
  | { type: "TaskEvent"; origin: "Server"; relayClientId?: string; data: TaskEvent };

/** Reads a message in node-ipc's envelope or without it. @returns undefined for anything else */
export function readMessage(value: unknown): IpcMessage | undefined {
  if (!isObject(value)) return undefined;
  const message = value["type"] === "message" ? value["data"] : value;
  return isMessage(message) ? message : undefined;
}

/** Origins count without regard to case: released servers write them in lower case. */
function isMessage(value: unknown): value is IpcMessage {
  if (!isObject(value) || !isObject(value["data"])) return false;
  const { type, data } = value;
  switch (type) {
    case "Ack":
      return typeof data["clientId"] === "string";
    case "TaskCommand":
      return typeof data["commandName"] === "string";
    case "TaskEvent":
      return typeof data["taskId"] === "string" && typeof data["type"] === "string";
    default:
      return false;
  }
}

function isObject(value: unknown): value is Record<string, unknown> & { data: Record<string, unknown> } {
  return typeof value === "object" && value !== null;
}
