import { Disconnected } from "../../../../src/channel/errors.ts";
import { RequestError } from "../../../../src/protocol/wire_error.ts";
import { HaftFailed } from "./haft_command.ts";
import { protocolSkew } from "./version_skew.ts";

/** A failure for a person: haft's own message, and the next step where there is one. */
export function failureText(error: unknown): string {
  if (error instanceof HaftFailed) return withNext(error.message, error.next);
  const skew = protocolSkew(error);
  if (skew !== undefined) return skew.text;
  if (error instanceof RequestError) {
    return withNext(error.message, nextOf(error.data));
  }
  if (error instanceof Disconnected) {
    return `haft's daemon has ended: ${error.message}. Try again; it is started when something is asked of it`;
  }
  return error instanceof Error ? error.message : String(error);
}

function nextOf(data: unknown): string | undefined {
  return typeof data === "object" && data !== null && "next" in data && typeof data.next === "string"
    ? data.next
    : undefined;
}

function withNext(message: string, next: string | undefined): string {
  return next === undefined ? message : `${message}. ${next.replaceAll("\n", " ")}`;
}
