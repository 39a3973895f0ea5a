import { errorMessage } from "../base/errors.ts";
import type { Message } from "../protocol/envelope.ts";
import { ERROR_CODES, type ErrorName, RequestError } from "../protocol/wire_error.ts";
import type { IpcChannel } from "./ipc_channel.ts";

/** What a handler knows of the request that it answers. */
export interface RequestContext {
  /** Aborted when the peer cancels the request or is gone. */
  signal: AbortSignal;
  /** Sends an event with the request's id, before its response. */
  progress(event: string, data: unknown): void;
}

export type RequestHandler = (data: unknown, context: RequestContext) => unknown;

/**
 * Answers the peer's requests and pings. Requests may run side by side; a handler that throws a {@link
 * RequestError} answers with that error, anything else with `failed`.
 *
 * @param onOther gets every message that is no request and no ping
 * @returns a function that ends it
 */
export function serveRequests(
  channel: IpcChannel,
  handlers: ReadonlyMap<string, RequestHandler>,
  onOther: (message: Message) => void = () => {},
): () => void {
  const running = new Map<string, AbortController>();
  const stop = channel.onMessage((message) => {
    if (message.type === "ping") void channel.send({ type: "pong", id: message.id }).catch(() => {});
    else if (message.type !== "request") onOther(message);
    else if (message.method === "cancel") running.get(cancelledId(message.data))?.abort(cancelled());
    else void answer(channel, message, { handlers, running });
  });
  void channel.closed.then(() => {
    for (const abort of running.values()) abort.abort(cancelled());
  });
  return stop;
}

async function answer(
  channel: IpcChannel,
  { id, method = "", data }: Message,
  { handlers, running }: {
    handlers: ReadonlyMap<string, RequestHandler>;
    running: Map<string, AbortController>;
  },
): Promise<void> {
  const abort = new AbortController();
  if (id !== undefined) running.set(id, abort);
  const response: Message = { type: "response", id };
  try {
    const handler = handlers.get(method);
    if (handler === undefined) throw new RequestError("method_not_found", `Unknown method "${method}"`);
    response.data = await handler(data, {
      signal: abort.signal,
      progress: (event, progress) =>
        void channel.send({ type: "event", id, event, data: progress }).catch(() => {}),
    }) ?? {};
  } catch (error) {
    response.error = wireError(abort.signal.aborted ? abort.signal.reason : error);
  } finally {
    if (id !== undefined) running.delete(id);
  }
  // A peer that asked and left does not wait for the answer.
  if (id !== undefined) await channel.send(response).catch(() => {});
}

function wireError(error: unknown): NonNullable<Message["error"]> {
  const name: ErrorName = error instanceof RequestError ? error.errorName : "failed";
  const data = error instanceof RequestError ? error.data : undefined;
  return {
    code: ERROR_CODES[name],
    name,
    message: errorMessage(error),
    ...(data === undefined ? {} : { data }),
  };
}

function cancelled(): RequestError {
  return new RequestError("cancelled", "The request was cancelled");
}

function cancelledId(data: unknown): string {
  return typeof data === "object" && data !== null && "id" in data ? String(data.id) : "";
}
