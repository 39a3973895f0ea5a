/**
 * Where the ring's events lie: in long pieces of memory, one frame after the other. One allocation for each
 * event would leave as much between them as they have themselves. A piece is never written to twice, so that
 * a view of it stays what it was; it goes when no event of it is left.
 */
import { Buffer } from "node:buffer";
import { sharedFrame, sharedFrameLength, writeSharedFrame } from "../socket/framing/shared_frame.ts";

const PIECE = 256 * 1024;
/** A longer frame has memory of its own, so that little of a piece is left unused. */
const LONG = PIECE / 8;

export class FrameArena {
  #piece: Buffer = Buffer.alloc(0);
  #used = 0;

  add(json: string): { piece: Buffer; start: number; size: number } {
    const size = sharedFrameLength(json);
    if (size > LONG) return { piece: sharedFrame(json), start: 0, size };
    if (this.#used + size > this.#piece.length) {
      this.#piece = Buffer.allocUnsafeSlow(PIECE);
      this.#used = 0;
    }
    const start = this.#used;
    writeSharedFrame(this.#piece, start, json, size);
    this.#used += size;
    return { piece: this.#piece, start, size };
  }
}
