/** Requests as haft's clients write them; see plain_text.ts. */
import { Buffer } from "node:buffer";
import type { Message } from "../protocol/envelope.ts";
import { Envelope } from "../socket/framing/envelope.ts";
import { FrameError } from "../socket/framing/frame_error.ts";
import { insideObject, parseJson, scanJson } from "../socket/framing/json_text.ts";
import { endOfId, isAt, readId } from "./plain_text.ts";

const START = '{"type":"request","id":"';
const METHOD = '","method":';
const DATA = ',"data":';
const START_BYTES = Buffer.from(START);
const METHOD_BYTES = Buffer.from(`${METHOD}"`);
const DATA_BYTES = Buffer.from(DATA);
const OPEN = 0x7b;
const END = 0x7d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LAST_ASCII = 0x7e;

/** `type`, `id`, `method` and `data`. */
const KEYS = 4;
const IN_DATA = insideObject(KEYS);

/** The envelopes of methods that were asked for; a client asks for few. */
const envelopes = new Map<string, Envelope>();
const MOST_ENVELOPES = 64;
/** A longer name, in quotes, is kept nowhere. */
const LONGEST_METHOD = 256;

/** Around the data of requests for one method; undefined for one whose name is long, or not ASCII. */
export function requestEnvelope(method: string): Envelope | undefined {
  const known = envelopes.get(method);
  if (known !== undefined) return known;
  const quoted = JSON.stringify(method);
  if (quoted.length > LONGEST_METHOD || !isAscii(quoted)) return undefined;
  const made = new Envelope(START, `${METHOD}${quoted}${DATA}`, { keys: KEYS });
  if (envelopes.size === MOST_ENVELOPES) envelopes.clear();
  envelopes.set(method, made);
  return made;
}

/**
 * Such a request; undefined for other frames, and for one whose data is not JSON.
 *
 * @throws {FrameError} as {@link scanJson}
 */
export function readPlainRequest(bytes: Buffer, start: number, end: number): Message | undefined {
  if (bytes[end - 1] !== END || !isAt(bytes, start, START_BYTES)) return undefined;
  const idStart = start + START_BYTES.length;
  const idEnd = endOfId(bytes, idStart);
  if (idEnd === -1 || !isAt(bytes, idEnd, METHOD_BYTES)) return undefined;
  const methodStart = idEnd + METHOD_BYTES.length;
  const methodEnd = endOfName(bytes, methodStart);
  if (methodEnd === -1) return undefined;
  const id = `${readId(bytes, idStart, idEnd)}`;
  if (methodEnd + 1 === end - 1) return { type: "request", id, method: name(bytes, methodStart, methodEnd) };
  if (!isAt(bytes, methodEnd + 1, DATA_BYTES)) return undefined;
  const from = methodEnd + 1 + DATA_BYTES.length;
  let data: unknown;
  try {
    data = readData(bytes, from, end - 1);
  } catch (error) {
    // It has further members, or is not JSON, which reading all of it tells.
    if (error instanceof FrameError && error.kind === "not-json") return undefined;
    throw error;
  }
  return { type: "request", id, method: name(bytes, methodStart, methodEnd), data };
}

function readData(bytes: Buffer, from: number, to: number): unknown {
  if (to - from === 2 && bytes[from] === OPEN && bytes[from + 1] === END) return {};
  return parseJson(bytes, from, to, scanJson(bytes, from, to, IN_DATA));
}

/** Where the text ends that begins at `from`, at its quote; -1 when it is not plain ASCII. */
function endOfName(bytes: Buffer, from: number): number {
  for (let at = from;; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) return at;
    if (byte < 0x20 || byte > LAST_ASCII || byte === BACKSLASH) return -1;
  }
}

/** The last name of each length up to this: making the text of one anew takes longer than to compare it. */
const LONGEST_NAME = 64;
const names: ({ bytes: Buffer; text: string } | undefined)[] = Array(LONGEST_NAME + 1).fill(undefined);

function name(bytes: Buffer, from: number, to: number): string {
  const known = names[to - from];
  if (known !== undefined && isAt(bytes, from, known.bytes)) return known.text;
  const text = bytes.toString("latin1", from, to);
  if (text.length <= LONGEST_NAME) names[text.length] = { bytes: Buffer.from(text), text };
  return text;
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > LAST_ASCII) return false;
  return true;
}
