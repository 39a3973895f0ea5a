/**
 * Where the ring's events lie: in long pieces of memory, one frame after the other. One allocation for each
 * event would leave as much between them as they have themselves. A piece is never written to twice, so that
 * a view of it stays what it was; it goes when no event of it is left. Full pieces are compressed when
 * nothing happens: most events are never read again.
 */
import { Buffer } from "node:buffer";
import { sharedFrame, sharedFrameLength, writeSharedFrame } from "../socket/framing/shared_frame.ts";
import { PackedPieces, type Packer, Piece } from "./piece.ts";

const PIECE = 256 * 1024;
/** A longer frame has memory of its own, so that little of a piece is left unused. */
const LONG = PIECE / 8;

export class FrameArena {
  readonly #packed: PackedPieces | undefined;
  #bytes: Buffer = Buffer.alloc(0);
  #piece = new Piece(this.#bytes);
  #used = 0;

  /** @param packer without one, pieces stay as they are */
  constructor(packer?: Packer) {
    this.#packed = packer === undefined ? undefined : new PackedPieces(packer);
  }

  add(json: string): { piece: Piece; start: number; size: number } {
    const size = sharedFrameLength(json);
    if (size > LONG) return { piece: new Piece(sharedFrame(json)), start: 0, size };
    if (this.#used + size > this.#bytes.length) {
      this.#bytes = Buffer.allocUnsafeSlow(PIECE);
      this.#piece = new Piece(this.#bytes);
      this.#used = 0;
    }
    const start = this.#used;
    writeSharedFrame(this.#bytes, start, json, size);
    this.#used += size;
    return { piece: this.#piece, start, size };
  }

  /** Compresses those of the pieces that are full. */
  pack(pieces: Iterable<Piece>): void {
    if (this.#packed === undefined) return;
    this.#packed.rest();
    for (const piece of pieces) {
      if (piece !== this.#piece) piece.pack(this.#packed);
    }
  }
}
