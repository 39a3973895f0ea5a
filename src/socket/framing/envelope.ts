import { Buffer } from "node:buffer";
import { FRAME, insideObject, type JsonLimits, scanJson } from "./json_text.ts";

/** Shorter texts are written a unit at a time, which costs less than one call of the runtime. */
const SHORT = 96;
const END = 0x7d;
const ZERO = 0x30;
/** Of `Number.MAX_SAFE_INTEGER`. */
const MOST_DIGITS = 16;

/** What stands around the text of a message that is constant otherwise. */
export interface Around {
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
  /** Undefined where the text cannot have anything to refuse. */
  readonly limits: JsonLimits | undefined;
}

export const NOTHING_AROUND: Around = { head: new Uint8Array(0), tail: new Uint8Array(0), limits: FRAME };

/**
 * The constant text of messages of one kind, `{"type":"response","id":"12","data":…}`: `start` up to the id,
 * `middle` from there to the data, and a brace. Both are ASCII.
 */
export class Envelope {
  readonly #start: Buffer;
  readonly #middle: Buffer;
  readonly #inside: JsonLimits;

  /** @param options.keys that it has, `data` among them */
  constructor(start: string, middle: string, { keys }: { keys: number }) {
    this.#start = Buffer.from(start);
    this.#middle = Buffer.from(middle);
    this.#inside = insideObject(keys);
  }

  /** The message as text. */
  text(id: string | number, data: string): string {
    return `${this.#start.toString("latin1")}${id}${this.#middle.toString("latin1")}${data}}`;
  }

  /** Bytes that the message has at most. */
  bound(id: string | number, data: string): number {
    return this.#start.length + textLength(id) + this.#middle.length + data.length * 3 + 1;
  }

  /**
   * Writes the message, whose {@link bound} the buffer has room for.
   *
   * @param id ASCII that a JSON string may contain as it is, or a whole number
   * @param data JSON text
   * @returns where it ends
   * @throws {FrameError} as {@link scanJson}
   */
  write(into: Buffer, from: number, id: string | number, data: string): number {
    let at = putBytes(into, from, this.#start);
    at = typeof id === "number" ? putNumber(into, at, id) : putText(into, at, id);
    at = putBytes(into, at, this.#middle);
    const end = putText(into, at, data);
    scanJson(into, at, end, this.#inside);
    into[end] = END;
    return end + 1;
  }
}

/** @returns where they end */
export function putBytes(into: Buffer, from: number, bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) into[from + i] = bytes[i] as number;
  return from + bytes.length;
}

/** As UTF-8. @returns where it ends */
export function putText(into: Buffer, from: number, text: string): number {
  if (text.length > SHORT) return from + into.write(text, from, "utf8");
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return from + into.write(text, from, "utf8");
    into[from + i] = unit;
  }
  return from + text.length;
}

/** The digits of a whole number from 0 on. @returns where they end */
export function putNumber(into: Buffer, from: number, value: number): number {
  let end = from + 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) end++;
  let rest = value;
  for (let at = end - 1; at >= from; at--) {
    const higher = Math.floor(rest / 10);
    into[at] = ZERO + (rest - higher * 10);
    rest = higher;
  }
  return end;
}

/** Of a number, the most that one can have. */
export function textLength(json: string | number): number {
  return typeof json === "number" ? MOST_DIGITS : json.length;
}
