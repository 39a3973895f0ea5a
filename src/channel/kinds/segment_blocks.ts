/** One payload in a segment. */
export interface Block {
  readonly id: number;
  readonly offset: number;
  readonly length: number;
}

interface Held extends Block {
  /** Bytes taken, rounded up. */
  size: number;
  references: number;
}

/** Blocks begin where a cache line does. */
const ALIGNMENT = 64;

/** Which parts of a segment are taken. A block is free again when every reference to it was given back. */
export class SegmentBlocks {
  readonly #size: number;
  readonly #held = new Map<number, Held>();
  /** In the order of their offsets. */
  #order: Held[] = [];
  #nextId = 1;

  constructor(size: number) {
    this.#size = size;
  }

  get count(): number {
    return this.#held.size;
  }

  /** @returns undefined while there is no room */
  take(length: number): Block | undefined {
    const size = Math.max(ALIGNMENT, Math.ceil(length / ALIGNMENT) * ALIGNMENT);
    let offset = 0;
    let index = 0;
    for (const held of this.#order) {
      if (held.offset - offset >= size) break;
      offset = held.offset + held.size;
      index++;
    }
    if (offset + size > this.#size) return undefined;
    const block: Held = { id: this.#nextId++, offset, length, size, references: 1 };
    this.#order.splice(index, 0, block);
    this.#held.set(block.id, block);
    return block;
  }

  /** One more who is to give it back. */
  retain(id: number): void {
    const held = this.#held.get(id);
    if (held !== undefined) held.references++;
  }

  /** @returns false when there is no such block: a peer that gives back twice changes nothing */
  giveBack(id: number): boolean {
    const held = this.#held.get(id);
    if (held === undefined) return false;
    if (--held.references > 0) return true;
    this.#held.delete(id);
    this.#order = this.#order.filter((other) => other !== held);
    return true;
  }
}
