/**
 * Messages as JSON texts. Most are `{type: "data", data}`: those are put together and read around the text of
 * their data alone, which takes half the time of the whole.
 */
import { Buffer } from "node:buffer";
import type { Message } from "../protocol/envelope.ts";
import { isMessage } from "../protocol/is_message.ts";
import { FrameError } from "../socket/framing/frame_error.ts";
import { parseJson, scanJson } from "../socket/framing/json_text.ts";

const HEAD = '{"type":"data","data":';
const HEAD_BYTES = Buffer.from(HEAD);
const END = 0x7d;

/** What `JSON.stringify` gives of `{type: "data", data}`. */
export function dataText(data: unknown): string {
  // Undefined for what JSON leaves out, such as a function.
  const json: string | undefined = JSON.stringify(data);
  return json === undefined ? '{"type":"data"}' : `${HEAD}${json}}`;
}

/** @throws {FrameError} when the frame is not a message, or not one that is safe to read */
export function decodeMessage(bytes: Buffer, start: number, end: number): Message {
  return parseMessage(bytes, start, end, scanJson(bytes, start, end));
}

/**
 * As {@link decodeMessage}, for a frame that {@link scanJson} has passed.
 *
 * @param ascii what it gave
 */
export function parseMessage(bytes: Buffer, start: number, end: number, ascii: boolean): Message {
  if (bytes[end - 1] === END && hasHead(bytes, start)) {
    try {
      // One JSON value between the head and the brace: the whole has no other field.
      return { type: "data", data: parseJson(bytes, start + HEAD.length, end - 1, ascii) };
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
    }
  }
  const value = parseJson(bytes, start, end, ascii);
  if (!isMessage(value)) throw new FrameError("not-a-message", "Frame is not a message");
  return value;
}

function hasHead(bytes: Buffer, start: number): boolean {
  for (let at = 0; at < HEAD_BYTES.length; at++) if (bytes[start + at] !== HEAD_BYTES[at]) return false;
  return true;
}
