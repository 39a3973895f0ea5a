import { createGunzip } from "node:zlib";

/** What a stream of `node:zlib` has inside; every runtime has it, and documents it nowhere. */
interface Handle {
  init(
    windowBits: number,
    level: number,
    memoryLevel: number,
    strategy: number,
    state: Uint32Array,
    written: () => void,
    dictionary: undefined,
  ): void;
  /** Works in a thread of the runtime's; `written` tells when it is done. */
  write(
    flush: number,
    input: Uint8Array,
    inputAt: number,
    inputLength: number,
    output: Uint8Array,
    outputAt: number,
    outputLength: number,
  ): void;
  onerror: (message: string, errno: number, code: string) => void;
  close(): void;
}

const Z_NO_FLUSH = 0;
const Z_FINISH = 4;
/** How `node:zlib` numbers gunzip. */
const GUNZIP = 4;
const WINDOW_BITS = 15;
/** Stays in the processor's cache between zlib and what uses it. */
const OUTPUT = 256 * 1024;
const NOTHING = new Uint8Array(0);

/**
 * Gunzip into two pieces of memory in turn: one fills in a thread while the other is used. `createGunzip`
 * takes new memory for each piece of output, whose pages the system has to clear: gunzip costs 1.5 times as
 * much with it.
 */
export class DirectGunzip {
  readonly #handle: Handle;
  /** After a write: how much room the output has left, and how many bytes the input. */
  readonly #state = new Uint32Array(2);
  readonly #outputs = [new Uint8Array(OUTPUT), new Uint8Array(OUTPUT)] as const;
  #turn: 0 | 1 = 0;
  /** What came out last, and was not taken yet. */
  #waiting: Uint8Array | undefined;
  #written: () => void = () => {};
  #failure: Error | undefined;
  #ended = false;
  #consumed = 0;

  private constructor(handle: Handle) {
    this.#handle = handle;
    handle.init(WINDOW_BITS, 0, 0, 0, this.#state, () => this.#written(), undefined);
    handle.onerror = (message, errno, code) => {
      this.#failure ??= Object.assign(new Error(message), { errno, code });
      this.#written();
    };
  }

  /** @returns undefined where the runtime is another */
  static open(): DirectGunzip | undefined {
    if (!("Bun" in globalThis)) return undefined;
    const stream = createGunzip() as unknown as { _handle?: Handle };
    const Kind = stream._handle?.constructor as (new (mode: number) => Handle) | undefined;
    if (Kind === undefined) return undefined;
    stream._handle?.close();
    return new DirectGunzip(new Kind(GUNZIP));
  }

  /** Bytes that belonged to the compressed data. */
  get consumed(): number {
    return this.#consumed;
  }

  /** zlib's error, where there was one. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /**
   * Hands on what comes out, piece by piece; a piece is valid until its promise resolves. The last piece is
   * handed on with the next input, or at the end.
   *
   * @throws zlib's error, with its `code`, or that of `take`
   */
  async push(input: Uint8Array, take: (bytes: Uint8Array) => Promise<void>): Promise<void> {
    await this.#write(input, { flush: Z_NO_FLUSH, take });
  }

  /** Hands on what is left, when no more input comes. */
  async end(take: (bytes: Uint8Array) => Promise<void>): Promise<void> {
    await this.#write(NOTHING, { flush: Z_FINISH, take });
    await this.#takeWaiting(take);
  }

  close(): void {
    this.#handle.close();
  }

  async #write(
    input: Uint8Array,
    { flush, take }: { flush: number; take: (bytes: Uint8Array) => Promise<void> },
  ): Promise<void> {
    // Behind padding zlib looks at nothing more.
    for (let at = 0; !this.#ended;) {
      const output = this.#outputs[this.#turn];
      this.#turn = this.#turn === 0 ? 1 : 0;
      const written = new Promise<void>((resolve) => this.#written = resolve);
      this.#handle.write(flush, input, at, input.length - at, output, 0, OUTPUT);
      try {
        await this.#takeWaiting(take);
      } finally {
        // The thread uses both pieces of memory until then.
        await written;
      }
      if (this.#failure !== undefined) throw this.#failure;
      const [room = 0, left = 0] = this.#state;
      this.#consumed += input.length - at - left;
      at = input.length - left;
      if (room < OUTPUT) this.#waiting = output.subarray(0, OUTPUT - room);
      if (room === 0) continue;
      // It stopped before its input was at its end: the compressed data is over.
      this.#ended = left > 0;
      return;
    }
  }

  async #takeWaiting(take: (bytes: Uint8Array) => Promise<void>): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) await take(waiting);
  }
}
