import { errorCode } from "../base/errors.ts";

/**
 * What a connect says when no process listens at an endpoint. `ECONNRESET`: the listener ended between the
 * connect and the accept.
 */
const ABSENT: ReadonlySet<string | undefined> = new Set(["ENOENT", "ECONNREFUSED", "ECONNRESET"]);

/** Whether a connect failed because no process listens, as opposed to one that cannot be reached. */
export function nobodyListens(error: unknown): boolean {
  return ABSENT.has(errorCode(error));
}
