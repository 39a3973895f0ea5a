/** An event of Roo-Code's; the payload is a tuple. */
export interface RooEvent {
  eventName: string;
  payload: unknown[];
  relayClientId?: string;
}

const NO_TOKENS = { totalTokensIn: 0, totalTokensOut: 0, totalCost: 0, contextTokens: 0 };

/** Events whose payload is the task's id alone. */
const BY_ID: Readonly<Record<string, string>> = {
  "task.created": "taskCreated",
  "task.started": "taskStarted",
  "task.resumable": "taskResumable",
  "task.idle": "taskIdle",
};

/** haft's event of a task in Roo-Code's words: none for what it has no word for, several where it takes several. */
export function rooEvents(event: string, data: Record<string, unknown>): RooEvent[] {
  const id = String(data["id"]);
  const relay = typeof data["relay_client_id"] === "string" ? { relayClientId: data["relay_client_id"] } : {};
  const one = (eventName: string, ...payload: unknown[]): RooEvent => ({ eventName, payload, ...relay });
  const simple = BY_ID[event];
  if (simple !== undefined) return [one(simple, id)];
  switch (event) {
    case "task.message": {
      const { time, from, data: said } = data["message"] as { time: number; from: string; data: unknown };
      if (from === "user") return [];
      return [one("message", { taskId: id, action: data["action"], message: messageOf(said, time) })];
    }
    case "task.completed":
      return [one("taskCompleted", id, tokenUsage(data["usage"]), {}, { isSubtask: false })];
    case "task.aborted": {
      const aborted = one("taskAborted", id);
      if (data["reason"] !== "failed" || data["error"] === null) return [aborted];
      const message = { ts: Date.now(), type: "say", say: "error", text: String(data["error"]) };
      return [one("message", { taskId: id, action: "created", message }), aborted];
    }
    default:
      return [];
  }
}

/** What a task said: a text, or an object that may already have Roo-Code's fields. */
function messageOf(said: unknown, time: number): Record<string, unknown> {
  if (typeof said !== "object" || said === null) {
    return { ts: time, type: "say", say: "text", text: String(said) };
  }
  const { ts, type, say, ask, text, images, partial } = said as Record<string, unknown>;
  return {
    ts: typeof ts === "number" ? ts : time,
    type: type === "ask" ? "ask" : "say",
    ...(type === "ask" ? { ask: ask ?? "followup" } : { say: say ?? "text" }),
    text: typeof text === "string" ? text : JSON.stringify(said),
    ...(Array.isArray(images) ? { images } : {}),
    ...(typeof partial === "boolean" ? { partial } : {}),
  };
}

/** Zeros where it is not known. */
function tokenUsage(usage: unknown): Record<string, number> {
  const given = typeof usage === "object" && usage !== null ? usage as Record<string, unknown> : {};
  return Object.fromEntries(
    Object.entries(NO_TOKENS).map((
      [name, zero],
    ) => [name, typeof given[name] === "number" ? given[name] : zero]),
  );
}
