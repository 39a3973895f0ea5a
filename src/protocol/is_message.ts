import type { Message } from "./envelope.ts";

const TYPES: ReadonlySet<unknown> = new Set<Message["type"]>([
  "request",
  "response",
  "part",
  "event",
  "ping",
  "pong",
  "data",
  "ready",
]);

/**
 * Accepts exactly what the schema in envelope.ts accepts, without building a second object: it runs for every
 * message that arrives. A test holds the two to the same verdict.
 */
export function isMessage(value: unknown): value is Message {
  if (typeof value !== "object" || value === null) return false;
  const { type, id, method, event, error, oneway, index, parts, seq, time, subject } = value as Record<
    string,
    unknown
  >;
  return TYPES.has(type) && isOptionalString(id) && isOptionalString(method) && isOptionalString(event) &&
    isOptionalString(subject) && (oneway === undefined || typeof oneway === "boolean") &&
    (index === undefined || isNumber(index)) && (parts === undefined || isNumber(parts)) &&
    (seq === undefined || isNumber(seq)) && (time === undefined || isNumber(time)) &&
    (error === undefined || isErrorBody(error));
}

function isOptionalString(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}

function isErrorBody(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { code, name, message } = value as Record<string, unknown>;
  return isNumber(code) && isOptionalString(name) && typeof message === "string";
}

/** As valibot's `number()` has it: NaN is none. */
function isNumber(value: unknown): boolean {
  return typeof value === "number" && !Number.isNaN(value);
}
