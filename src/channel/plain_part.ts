/** Parts of answers as haft writes them; see plain_text.ts. Their data is one string, which has no keys. */
import { Buffer, isAscii } from "node:buffer";
import type { Message } from "../protocol/envelope.ts";
import { FrameError } from "../socket/framing/frame_error.ts";
import { parseJson } from "../socket/framing/json_text.ts";
import { endOfId, isAt, readId, ZERO } from "./plain_text.ts";

const START_BYTES = Buffer.from('{"type":"part","id":"');
const INDEX_BYTES = Buffer.from('","index":');
const DATA_BYTES = Buffer.from(',"data":"');
const END = 0x7d;

/**
 * Such a part; undefined for other frames, and for one that has more, or is not JSON.
 *
 * @throws {FrameError} when its text is not UTF-8
 */
export function readPlainPart(bytes: Buffer, start: number, end: number): Message | undefined {
  if (bytes[end - 1] !== END || !isAt(bytes, start, START_BYTES)) return undefined;
  const idStart = start + START_BYTES.length;
  const idEnd = endOfId(bytes, idStart);
  if (idEnd === -1 || !isAt(bytes, idEnd, INDEX_BYTES)) return undefined;
  const indexStart = idEnd + INDEX_BYTES.length;
  const indexEnd = bytes[indexStart] === ZERO ? indexStart + 1 : endOfId(bytes, indexStart);
  if (indexEnd === -1 || !isAt(bytes, indexEnd, DATA_BYTES)) return undefined;
  const from = indexEnd + DATA_BYTES.length - 1;
  let data: unknown;
  try {
    data = parseJson(bytes, from, end - 1, isAscii(bytes.subarray(from, end - 1)));
  } catch (error) {
    if (error instanceof FrameError && error.kind === "not-json") return undefined;
    throw error;
  }
  const id = `${readId(bytes, idStart, idEnd)}`;
  return { type: "part", id, index: readId(bytes, indexStart, indexEnd), data };
}
