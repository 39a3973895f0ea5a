import { Buffer } from "node:buffer";

/** What stays larger than this part of itself is not kept compressed. */
const WORTH = 7 / 8;

/** Compresses without loss. */
export interface Packer {
  pack(bytes: Uint8Array): Uint8Array;
  unpack(packed: Uint8Array): Uint8Array;
}

/** Memory of frames: as they are, or compressed. */
export class Piece {
  #bytes: () => Buffer;
  #mayShrink = true;

  constructor(bytes: Buffer) {
    this.#bytes = () => bytes;
  }

  get bytes(): Buffer {
    return this.#bytes();
  }

  /** To be called when nothing is written to it any more. Views of its bytes stay what they were. */
  pack(pieces: PackedPieces): void {
    if (!this.#mayShrink) return;
    this.#mayShrink = false;
    const { bytes } = this;
    const packed = pieces.pack(bytes);
    if (packed.length < WORTH * bytes.length) this.#bytes = () => pieces.unpack(packed);
  }
}

/** Unpacks pieces, and has the last of them at hand: its frames are read one after the other. */
export class PackedPieces {
  readonly #packer: Packer;
  #last: { packed: Uint8Array; bytes: Buffer } | undefined;

  constructor(packer: Packer) {
    this.#packer = packer;
  }

  pack(bytes: Buffer): Uint8Array {
    return this.#packer.pack(bytes);
  }

  unpack(packed: Uint8Array): Buffer {
    if (this.#last?.packed !== packed) {
      const { buffer, byteOffset, length } = this.#packer.unpack(packed);
      this.#last = { packed, bytes: Buffer.from(buffer, byteOffset, length) };
    }
    return this.#last.bytes;
  }

  /** Gives up what it has at hand. */
  rest(): void {
    this.#last = undefined;
  }
}
