/** Seeded random numbers (mulberry32): a failing case is repeated by its printed seed. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to `limit` − 1. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor(((t ^ (t >>> 14)) >>> 0) / 4294967296 * limit);
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }
}

/** HAFT_TEST_SEED repeats a run; otherwise each run has a seed of its own, which it prints. */
export function testSeed(): number {
  const named = Deno.env.get("HAFT_TEST_SEED");
  return named === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(named);
}
