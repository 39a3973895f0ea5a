/** A few slots, until more are in flight together or one stays while many others come and go. */
const FIRST_SLOTS = 8;
const MOST_SLOTS = 1024;

/**
 * Items by their numbers, which go up by one: the last ones in a ring of slots, which takes a tenth of a
 * map's time. An item whose slot is needed again, because it stays for more than a round, goes to a map.
 */
export class PendingTable<T extends { readonly number: number }> {
  /** Always a power of two. */
  #slots: (T | undefined)[] = emptySlots(FIRST_SLOTS);
  readonly #old = new Map<number, T>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @param item its number is higher than that of any before it */
  add(item: T): void {
    this.#size++;
    const at = item.number & (this.#slots.length - 1);
    if (this.#slots[at] === undefined) this.#slots[at] = item;
    else this.#makeRoom(item);
  }

  get(number: number): T | undefined {
    const item = this.#slots[number & (this.#slots.length - 1)];
    if (item !== undefined && item.number === number) return item;
    return this.#old.size === 0 ? undefined : this.#old.get(number);
  }

  /** @returns false when it is not there */
  delete(item: T): boolean {
    const { number } = item;
    const at = number & (this.#slots.length - 1);
    if (this.#slots[at] === item) this.#slots[at] = undefined;
    else if (this.#old.size === 0 || this.#old.get(number) !== item) return false;
    else this.#old.delete(number);
    this.#size--;
    return true;
  }

  /** All of them, in the order in which they were added. */
  values(): T[] {
    const items = this.#slots.filter((item) => item !== undefined);
    return [...this.#old.values(), ...items].sort((a, b) => a.number - b.number);
  }

  #makeRoom(item: T): void {
    while (this.#slots.length < MOST_SLOTS) {
      const before = this.#slots;
      this.#slots = emptySlots(before.length * 2);
      for (const one of before) if (one !== undefined) this.#slots[this.#at(one)] = one;
      if (this.#slots[this.#at(item)] === undefined) break;
    }
    const at = this.#at(item);
    const older = this.#slots[at];
    if (older !== undefined) this.#old.set(older.number, older);
    this.#slots[at] = item;
  }

  #at({ number }: T): number {
    return number & (this.#slots.length - 1);
  }
}

function emptySlots<T>(length: number): (T | undefined)[] {
  return Array.from({ length }, () => undefined);
}
