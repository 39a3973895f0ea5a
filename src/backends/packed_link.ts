/**
 * AuroraView's packed mode, the legacy one: lines of JSON on the child's stdin and stdout.
 *
 *     ← {"type": "ready", "handlers": […]}
 *     → {"id", "method", "params"}            ← {"id", "ok": true, "result"} | {"id", "ok": false, "error": {name, message}}
 *     ← {"type": "event", "event", "data"}    → {"id", "method": "__ping__", "params": {}}
 *
 * Any other line is something that the program printed, and goes to the log.
 */
import type { Readable, Writable } from "node:stream";
import { Disconnected, TimedOut } from "../channel/mod.ts";
import { ChannelMetrics } from "../channel/channel_metrics.ts";
import { DEFAULT_REQUEST_TIMEOUT_MS } from "../channel/pending_requests.ts";
import { RequestError } from "../protocol/wire_error.ts";
import { JsonLines } from "./json_lines.ts";
import type { BackendLink, OnBackendEvent, RequestOptions } from "./link.ts";

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export function packedLink(
  { stdin, stdout }: { stdin: Writable; stdout: Readable },
  { onEvent, onLog, timeoutMs }: {
    onEvent: OnBackendEvent;
    onLog: (line: string) => void;
    timeoutMs: number;
  },
): BackendLink {
  const ready = Promise.withResolvers<string[]>();
  const closed = Promise.withResolvers<string>();
  const pending = new Map<string, Pending>();
  const figures = new ChannelMetrics();
  let nextId = 1;
  const readyTimer = setTimeout(
    () => ready.reject(new TimedOut(`it did not say "ready" within ${timeoutMs / 1000} s`)),
    timeoutMs,
  );
  const lines = new JsonLines({ onValue: receive, onText: onLog });
  stdout.on("data", (chunk: Uint8Array) => {
    figures.bytesReceived += chunk.length;
    lines.push(chunk);
  });
  for (const event of ["end", "close", "error"]) stdout.on(event, () => end("it closed its stdout"));
  // The end of its stdout reports that the child has gone.
  stdin.on("error", () => {});

  function receive(value: Record<string, unknown>): void {
    figures.messagesReceived++;
    const { type, id } = value;
    if (type === "ready" && Array.isArray(value["handlers"])) {
      clearTimeout(readyTimer);
      ready.resolve(value["handlers"].map(String));
    } else if (type === "event" && typeof value["event"] === "string") {
      onEvent(value["event"], value["data"]);
    } else if (typeof id === "string" && pending.has(id)) {
      const one = pending.get(id);
      pending.delete(id);
      if (value["ok"] === true) one?.resolve(value["result"]);
      else one?.reject(backendError(value["error"]));
    } else onLog(JSON.stringify(value));
  }

  function end(reason: string): void {
    clearTimeout(readyTimer);
    lines.end();
    ready.reject(new Disconnected(reason));
    for (const { reject } of pending.values()) reject(new Disconnected(`The backend went: ${reason}`));
    pending.clear();
    closed.resolve(reason);
  }

  async function ask(
    method: string,
    params: unknown,
    { timeoutMs, signal }: RequestOptions,
  ): Promise<unknown> {
    signal?.throwIfAborted();
    const id = `${nextId++}`;
    const begun = performance.now();
    const limit = timeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let abort = () => {};
    try {
      const answer = await new Promise((resolve, reject) => {
        pending.set(id, { resolve, reject });
        if (Number.isFinite(limit)) {
          timer = setTimeout(
            () => reject(new TimedOut(`No answer to "${method}" within ${limit} ms`)),
            limit,
          );
        }
        abort = () => reject(signal?.reason);
        signal?.addEventListener("abort", abort, { once: true });
        const text = `${JSON.stringify({ id, method, params })}\n`;
        figures.messagesSent++;
        figures.bytesSent += text.length;
        stdin.write(text);
      });
      figures.recordLatency(performance.now() - begun);
      return answer;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      pending.delete(id);
    }
  }

  // The start of the backend awaits this; without a waiter a failure must not count as unhandled.
  ready.promise.catch(() => {});
  return {
    ready: ready.promise,
    closed: closed.promise,
    request: (method, data, options) => ask(method, data, options),
    async ping() {
      await ask("__ping__", {}, { timeoutMs: Infinity }).catch((error) => {
        // An error in answer to an unknown method is a sign of life.
        if (!(error instanceof RequestError)) throw error;
      });
    },
    metrics: () => figures.snapshot("packed", "stdio"),
    tellToStop: () => void stdin.end(),
    close() {
      stdin.end();
      stdout.destroy();
      end("its pipes were closed");
      return Promise.resolve();
    },
  };
}

function backendError(error: unknown): RequestError {
  const { name, message } = typeof error === "object" && error !== null
    ? error as { name?: unknown; message?: unknown }
    : { name: undefined, message: error };
  return RequestError.from({
    ...(typeof name === "string" ? { name } : {}),
    message: typeof name === "string" ? `${name}: ${message}` : String(message),
  });
}
