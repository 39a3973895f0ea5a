import { Buffer } from "node:buffer";

export interface SplitLine {
  text: string;
  /** It goes on in the next one. */
  partial: boolean;
  /** Bytes that it took from the file, its end included. */
  bytes: number;
}

/** The longest line in one piece, in bytes. */
export const LONGEST_LINE = 64 * 1024;

const NEWLINE = 10;
const RETURN = 13;

/** Cuts a stream of bytes into lines. What has no end yet waits, at most {@link LONGEST_LINE} of it. */
export class LineSplitter {
  #rest: Uint8Array = new Uint8Array();
  #taken: Uint8Array = this.#rest;

  /** The bytes of the lines that came last, as they were; good until the chunk's memory is used again. */
  get taken(): Uint8Array {
    return this.#taken;
  }

  /** Bytes that were pushed and are in no line yet. */
  get pending(): number {
    return this.#rest.length;
  }

  push(chunk: Uint8Array): SplitLine[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const lines: SplitLine[] = [];
    let at = 0;
    for (;;) {
      const end = bytes.indexOf(NEWLINE, at);
      const length = (end === -1 ? bytes.length : end) - at;
      if (length >= LONGEST_LINE) {
        const cut = characterBoundary(bytes, at, at + LONGEST_LINE);
        // Just as long as it may be, and over: no other piece follows.
        const whole = end !== -1 && length === LONGEST_LINE && cut === end;
        lines.push({
          text: showBytes(bytes.subarray(at, cut)),
          partial: !whole,
          bytes: cut - at + (whole ? 1 : 0),
        });
        at = cut + (whole ? 1 : 0);
        continue;
      }
      if (end === -1) break;
      const stop = end > at && bytes[end - 1] === RETURN ? end - 1 : end;
      lines.push({ text: showBytes(bytes.subarray(at, stop)), partial: false, bytes: end + 1 - at });
      at = end + 1;
    }
    this.#taken = bytes.subarray(0, at);
    // A copy, since the chunk's memory is the reader's; not by slice(), which copies nothing of a Buffer.
    this.#rest = new Uint8Array(bytes.subarray(at));
    return lines;
  }

  /** The last line, when its writer has gone and will not end it. */
  flush(): SplitLine[] {
    const rest = this.#taken = this.#rest;
    this.#rest = new Uint8Array();
    return rest.length === 0 ? [] : [{ text: showBytes(rest), partial: false, bytes: rest.length }];
  }
}

/** The end of a piece, moved before a character that it would cut. */
function characterBoundary(bytes: Uint8Array, from: number, to: number): number {
  for (let at = to; at > to - 4 && at > from; at--) {
    if (((bytes[at] ?? 0) & 0xc0) !== 0x80) return at;
  }
  return to;
}

const fatal = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text as it is; of bytes that are not UTF-8, each as `\xNN`. */
export function showBytes(bytes: Uint8Array): string {
  try {
    return fatal.decode(bytes);
  } catch {
    return showInvalid(bytes);
  }
}

function showInvalid(bytes: Uint8Array): string {
  let text = "";
  let valid = 0;
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at);
    if (length > 0) {
      at += length;
      continue;
    }
    text += fatal.decode(bytes.subarray(valid, at));
    text += `\\x${(bytes[at] ?? 0).toString(16).padStart(2, "0")}`;
    valid = ++at;
  }
  return text + fatal.decode(bytes.subarray(valid));
}

/** Bytes of the character that begins here; 0 when none does. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  const length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (length < 2) return length;
  try {
    fatal.decode(bytes.subarray(at, at + length));
    return length;
  } catch {
    return 0;
  }
}
