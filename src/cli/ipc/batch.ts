import { TextLineStream } from "@std/streams/text-line-stream";
import { errorMessage, UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { forEachLimited } from "../../base/work_pool.ts";
import { Disconnected, TimedOut } from "../../channel/errors.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import { isMessage } from "../../protocol/is_message.ts";
import { RequestError } from "../../protocol/wire_error.ts";
import { asRemoteError } from "../daemon/remote_error.ts";
import type { Out } from "./call.ts";
import { standardInput } from "../standard_input.ts";

/** Sends the requests of stdin all at once, and writes responses as they come, each with its request's id. */
export async function batch(
  daemon: DaemonClient,
  { timeoutMs }: { timeoutMs: number | undefined },
  { context: { stdout, signal }, quiet }: Out,
): Promise<ExitCode> {
  let code: ExitCode = ExitCode.ok;
  let line = 0;
  await forEachLimited(linesOf(standardInput()), { limit: MOST_IN_FLIGHT }, async (text) => {
    line++;
    if (text.trim() === "") return;
    const { id, method, data } = parseRequest(text, line);
    const response = await daemon.requestAny(method, data ?? {}, { timeoutMs, signal }).then(
      (result) => ({ type: "response", id, data: result ?? null }),
      (error) => {
        if (error instanceof Disconnected) throw asRemoteError(error);
        code = ExitCode.remote;
        return { type: "response", id, error: describe(error) };
      },
    );
    if (!quiet) await stdout.write(`${JSON.stringify(response)}\n`);
  });
  return code;
}

/** Below what the daemon allows in flight on one connection. */
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
    throw new UsageError(`Line ${line} of stdin is not a request`, {
      next: `Write one such as {"id": "1", "method": "daemon.ping"}`,
    });
  }
  return { id: request.id ?? String(line), method: request.method, data: request.data };
}

function describe(error: unknown): { code?: number; name?: string; message: string; data?: unknown } {
  if (!(error instanceof RequestError)) {
    return { name: error instanceof TimedOut ? "timed_out" : "failed", message: errorMessage(error) };
  }
  const { code, errorName: name, message, data } = error;
  return { code, name, message, ...(data === undefined ? {} : { data }) };
}
