import { Disconnected, type IpcChannel, type LocalSocketServer, type Message } from "../channel/mod.ts";
import { errorMessage } from "../base/errors.ts";
import type { BackendLink, OnBackendEvent, RequestOptions } from "./link.ts";

/** The event that asks a backend to stop. */
const STOP_EVENT = "backend.stop";

/**
 * The conversation over a local socket. The daemon listens and the child connects: `ready {handlers}`, then
 * requests, responses, events and pings in the native envelope.
 */
export function channelLink(
  server: LocalSocketServer,
  { onEvent, timeoutMs, signal }: { onEvent: OnBackendEvent; timeoutMs: number; signal: AbortSignal },
): BackendLink {
  const closed = Promise.withResolvers<string>();
  const pongs = new Set<() => void>();
  let channel: IpcChannel | undefined;
  const ready = (async () => {
    try {
      channel = await server.accept({ timeoutMs, signal });
      void channel.closed.then(() => closed.resolve("it closed its channel"));
      return handlersOf(await channel.recv({ timeoutMs, signal }));
    } finally {
      // A backend has one connection.
      await server.close();
    }
  })();
  ready.then(() => channel?.onMessage(receive), (error) => closed.resolve(errorMessage(error)));

  function receive(message: Message): void {
    if (message.type === "event") onEvent(message.event ?? "", message.data);
    else if (message.type === "pong") { for (const pong of pongs) pong(); }
    else if (message.type === "ping") void channel?.send({ type: "pong", id: message.id }).catch(() => {});
  }

  return {
    ready,
    closed: closed.promise,
    request(method: string, data: unknown, options: RequestOptions) {
      if (channel === undefined) return Promise.reject(new Disconnected("The backend is not connected yet"));
      return channel.request(method, data, options);
    },
    async ping() {
      const { promise, resolve } = Promise.withResolvers<void>();
      pongs.add(resolve);
      try {
        await channel?.send({ type: "ping", id: "heartbeat" });
        await promise;
      } finally {
        pongs.delete(resolve);
      }
    },
    tellToStop() {
      void channel?.emit(STOP_EVENT).catch(() => {});
    },
    metrics: () => channel?.metrics(),
    async close() {
      await server.close();
      await channel?.close();
      closed.resolve("its channel was closed");
    },
  };
}

function handlersOf(message: Message): string[] {
  const { data } = message;
  if (message.type === "ready" && typeof data === "object" && data !== null && "handlers" in data) {
    const { handlers } = data;
    if (Array.isArray(handlers) && handlers.every((name) => typeof name === "string")) return handlers;
  }
  throw new Error(`its first message is not {"type": "ready", "data": {"handlers": […]}}`);
}
