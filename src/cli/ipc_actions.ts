import { TextLineStream } from "@std/streams/text-line-stream";
import { errorMessage, HaftError, UsageError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import { Disconnected, TimedOut } from "../channel/mod.ts";
import type { DaemonClient } from "../client/daemon_client.ts";
import { isMessage } from "../protocol/is_message.ts";
import { RequestError } from "../protocol/wire_error.ts";
import type { Context } from "./command.ts";
import type { IpcSendAction } from "./ipc_send.ts";
import { standardInput } from "./standard_input.ts";

interface Out {
  context: Context;
  quiet: boolean;
}

/** One request; its result on stdout, progress as events on stderr. */
export async function call(
  daemon: DaemonClient,
  { method, params, timeoutMs }: { method: string; params: unknown; timeoutMs: number },
  { context: { stdout, stderr, signal }, quiet }: Out,
): Promise<ExitCode> {
  try {
    const result = await daemon.request(method, params, {
      timeoutMs,
      signal,
      onProgress: (event, data) => void stderr.write(`${JSON.stringify({ event, data })}\n`),
    });
    if (!quiet) await stdout.write(`${JSON.stringify(result, null, stdout.isTTY ? 2 : 0)}\n`);
    return ExitCode.ok;
  } catch (error) {
    throw asRemoteError(error);
  }
}

export async function list(daemon: DaemonClient, { context: { stdout } }: Out): Promise<ExitCode> {
  const { methods } = await daemon.request("daemon.describe") as {
    methods: Record<string, { summary: string }>;
  };
  const { table } = await import("../ui/table.ts");
  await stdout.write(table(Object.entries(methods).map(([name, { summary }]) => [name, summary])));
  return ExitCode.ok;
}

/** Requests from stdin, all at once; responses on stdout in the order in which they come, each with its request's id. */
export async function batch(
  daemon: DaemonClient,
  { timeoutMs }: { timeoutMs: number },
  { context: { stdout, signal }, quiet }: Out,
): Promise<ExitCode> {
  let code: ExitCode = ExitCode.ok;
  let line = 0;
  const running = new Set<Promise<void>>();
  for await (const text of linesOf(standardInput())) {
    line++;
    if (text.trim() === "") continue;
    const { id, method, data } = parseRequest(text, line);
    const one = daemon.request(method, data ?? {}, { timeoutMs, signal }).then(
      (result) => ({ type: "response", id, data: result }),
      (error) => {
        if (error instanceof Disconnected) throw error;
        code = ExitCode.remote;
        return { type: "response", id, error: describe(error) };
      },
    ).then((response) => quiet ? undefined : stdout.write(`${JSON.stringify(response)}\n`));
    running.add(one);
    void one.finally(() => running.delete(one)).catch(() => {});
    // Below what the daemon allows in flight on one connection.
    if (running.size >= MOST_IN_FLIGHT) await Promise.race(running);
  }
  await Promise.all(running);
  return code;
}

const MOST_IN_FLIGHT = 100;

/** @throws {UsageError} when the bytes are not UTF-8 */
async function* linesOf(bytes: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoderStream("utf-8", { fatal: true }) as TransformStream<Uint8Array, string>;
  try {
    for await (const line of bytes.pipeThrough(decoder).pipeThrough(new TextLineStream())) yield line;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError("Stdin is not UTF-8", { next: "Write one JSON request a line", cause: error });
  }
}

function parseRequest(text: string, line: number): { id: string; method: string; data: unknown } {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`Line ${line} of stdin is not JSON: ${errorMessage(error)}`);
  }
  const request = typeof message === "object" && message !== null ? { type: "request", ...message } : message;
  if (!isMessage(request) || request.method === undefined) {
    throw new UsageError(`Line ${line} of stdin is no request`, {
      next: `Write one such as {"id": "1", "method": "daemon.ping"}`,
    });
  }
  return { id: request.id ?? String(line), method: request.method, data: request.data };
}

/** Events, one a line, until enough have come, the time is over, the reader has gone or the daemon ends. */
export async function subscribe(
  daemon: DaemonClient,
  { types, since, subject, count, forMs }: Extract<IpcSendAction, { kind: "subscribe" }>,
  { context: { stdout, signal }, quiet }: Out,
): Promise<ExitCode> {
  let seen = 0;
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => end = resolve);
  daemon.onEvent((event) => {
    if (seen >= count) return;
    if (!quiet) {
      void stdout.write(`${JSON.stringify(event, null, stdout.isTTY ? 2 : 0)}\n`).then(() => {
        if (stdout.closed) end();
      });
    }
    // Notices have no number: they are not events of the stream.
    if (event.seq !== undefined && ++seen >= count) end();
  });
  const params = {
    types,
    ...(subject === undefined ? {} : { subject }),
    ...(since === undefined ? {} : { since: parsePosition(since) }),
  };
  try {
    await daemon.request("events.subscribe", params, { signal });
  } catch (error) {
    throw asRemoteError(error);
  }
  const timer = Number.isFinite(forMs) ? setTimeout(end, forMs) : undefined;
  signal.addEventListener("abort", end, { once: true });
  let lost = false;
  await Promise.race([ended, daemon.closed.then(() => lost = true)]);
  clearTimeout(timer);
  await stdout.write("");
  if (signal.aborted) return ExitCode.interrupted;
  if (stdout.closed) return ExitCode.ok;
  if (lost) throw new Disconnected("The daemon closed the connection");
  // With a time limit, fewer events than were asked for are a time-out.
  return seen < count && Number.isFinite(count) ? ExitCode.timedOut : ExitCode.ok;
}

function parsePosition(text: string): { epoch: string; seq: number } {
  const match = /^([0-9a-f]{12}):(\d+)$/.exec(text);
  if (match?.[1] === undefined) {
    throw new UsageError(`--since takes EPOCH:SEQ, not "${text}"`, {
      next: "Both are in the answer of events.subscribe",
    });
  }
  return { epoch: match[1], seq: Number(match[2]) };
}

function describe(error: unknown): { code?: number; name?: string; message: string; data?: unknown } {
  if (!(error instanceof RequestError)) {
    return { name: error instanceof TimedOut ? "timed_out" : "failed", message: errorMessage(error) };
  }
  const { code, errorName: name, message, data } = error;
  return { code, name, message, ...(data === undefined ? {} : { data }) };
}

/** The daemon's own error, as a person reads it: exit code 4. */
function asRemoteError(error: unknown): unknown {
  if (!(error instanceof RequestError)) return error;
  const next = typeof error.data === "object" && error.data !== null && "next" in error.data
    ? String(error.data.next)
    : undefined;
  return new HaftError(`${error.message} (${error.errorName})`, {
    exitCode: ExitCode.remote,
    cause: error,
    ...(next === undefined ? {} : { next }),
  });
}
