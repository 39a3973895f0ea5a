/**
 * One request to the daemon on a separate connection, for `haft exec`: a tenth of what a whole client
 * loads. No `hello`, which is optional; a line out, a line back.
 */
import { Buffer } from "node:buffer";
import type { MethodName, Params, Result } from "../protocol/methods/mod.ts";
import { connect } from "../socket/mod.ts";

/**
 * @param timeoutMs milliseconds, for all of it
 * @returns the answer's data; undefined when there is no daemon, it is too slow, or it answers with an error
 */
export async function askOnce<M extends MethodName>(
  socketPath: string,
  { method, data, timeoutMs }: { method: M; data: Params<M>; timeoutMs: number },
): Promise<Result<M> | undefined> {
  const answer = Promise.withResolvers<string | undefined>();
  const timer = setTimeout(() => answer.resolve(undefined), timeoutMs);
  let received = Buffer.alloc(0);
  try {
    const socket = await connect(socketPath, () => ({
      data(chunk) {
        received = Buffer.concat([received, chunk]);
        const end = received.indexOf(10);
        if (end >= 0) answer.resolve(received.toString("utf8", 0, end));
      },
      drain() {},
      close: () => answer.resolve(undefined),
    }));
    socket.write(Buffer.from(`${JSON.stringify({ type: "request", id: "1", method, data })}\n`));
    const line = await answer.promise;
    socket.close();
    return line === undefined ? undefined : JSON.parse(line).data;
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
