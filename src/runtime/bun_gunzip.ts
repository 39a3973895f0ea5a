import { constants, createGunzip } from "node:zlib";

/** What a stream of `node:zlib` has inside; every runtime has it, and documents it nowhere. */
interface Inside {
  _handle: {
    writeSync(
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
  };
  /** After a write: how much room the output has left, and how many bytes the input. */
  _writeState: Uint32Array;
}

/** Stays in the processor's cache between zlib and what uses it. */
const OUTPUT = 256 * 1024;
const NOTHING = new Uint8Array(0);

/**
 * Gunzip on the caller's thread, into one piece of memory again and again. `createGunzip` takes new memory
 * for each piece of output, whose pages the system has to clear, and hands it from thread to thread: gunzip
 * costs 1.6 times as much with it.
 */
export class DirectGunzip {
  readonly #stream: Inside;
  readonly #output = new Uint8Array(OUTPUT);
  #failure: Error | undefined;
  #ended = false;
  #consumed = 0;

  private constructor(stream: Inside) {
    this.#stream = stream;
    stream._handle.onerror = (message, errno, code) => {
      this.#failure ??= Object.assign(new Error(message), { errno, code });
    };
  }

  /** @returns undefined where the runtime is another */
  static open(): DirectGunzip | undefined {
    if (!("Bun" in globalThis)) return undefined;
    const stream = createGunzip() as unknown as Inside;
    const known = typeof stream._handle?.writeSync === "function" &&
      stream._writeState instanceof Uint32Array;
    return known ? new DirectGunzip(stream) : undefined;
  }

  /** Bytes that belonged to the compressed data. */
  get consumed(): number {
    return this.#consumed;
  }

  /**
   * The output of these bytes, piece by piece; a piece is valid until the next.
   *
   * @throws zlib's error, with its `code`
   */
  *push(input: Uint8Array): Generator<Uint8Array> {
    yield* this.#write(input, constants.Z_NO_FLUSH);
  }

  /** What is left, when no more input comes. */
  *end(): Generator<Uint8Array> {
    // Behind padding zlib looks at nothing more.
    if (!this.#ended) yield* this.#write(NOTHING, constants.Z_FINISH);
  }

  close(): void {
    this.#stream._handle.close();
  }

  *#write(input: Uint8Array, flush: number): Generator<Uint8Array> {
    const { _handle: handle, _writeState: state } = this.#stream;
    for (let at = 0; !this.#ended;) {
      handle.writeSync(flush, input, at, input.length - at, this.#output, 0, OUTPUT);
      if (this.#failure !== undefined) throw this.#failure;
      const [room = 0, left = 0] = state;
      this.#consumed += input.length - at - left;
      at = input.length - left;
      if (room < OUTPUT) yield this.#output.subarray(0, OUTPUT - room);
      if (room === 0) continue;
      // It stopped before its input was at its end: the compressed data is over.
      this.#ended = left > 0;
      return;
    }
  }
}
