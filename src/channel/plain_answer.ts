/** Answers as haft writes most of them; see plain_text.ts. */
import { Buffer } from "node:buffer";
import { Envelope } from "../socket/framing/envelope.ts";
import { insideObject, type JsonLimits } from "../socket/framing/json_text.ts";
import { endOfId, isAt, readId } from "./plain_text.ts";

const START = '{"type":"response","id":"';
const MIDDLE = '","data":';
const START_BYTES = Buffer.from(START);
const MIDDLE_BYTES = Buffer.from(MIDDLE);
const END = 0x7d;

/** `type`, `id` and `data`. */
const KEYS = 3;
/** Around the data of an answer. */
export const ANSWER: Envelope = new Envelope(START, MIDDLE, { keys: KEYS });
/** For scanning the data alone. */
export const IN_ANSWER: JsonLimits = insideObject(KEYS);

/** Where the data of such an answer begins; it ends before the frame's last byte. -1 for other frames. */
export function plainAnswerData(bytes: Buffer, start: number, end: number): number {
  if (bytes[end - 1] !== END || !isAt(bytes, start, START_BYTES)) return -1;
  const idEnd = endOfId(bytes, start + START_BYTES.length);
  return idEnd === -1 || !isAt(bytes, idEnd, MIDDLE_BYTES) ? -1 : idEnd + MIDDLE_BYTES.length;
}

/** The id of such an answer, as a number. @param data where its data begins */
export function plainAnswerId(bytes: Buffer, start: number, data: number): number {
  return readId(bytes, start + START_BYTES.length, data - MIDDLE_BYTES.length);
}
