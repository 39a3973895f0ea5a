import { once } from "node:events";
import { PassThrough, Readable, type Transform } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { exportsOf } from "../../base/commonjs.ts";
import { DirectGunzip } from "../../runtime/bun_gunzip.ts";
import { ArchiveError } from "./archive_error.ts";

/** How a tar is compressed. */
export type TarFormat = "tar.gz" | "tar.zst" | "tar.xz" | "tar.bz2";

/** Takes the next bytes of the tar, whose memory is used again once it resolves. */
export type TakeBytes = (bytes: Uint8Array) => Promise<void>;

/** Takes the compressed bytes as they arrive. */
export interface Decompressor {
  /**
   * Resolves when more may come.
   *
   * @throws the first failure, of the library or of what takes the tar
   */
  write(chunk: Uint8Array): Promise<void>;
  /** Resolves when all of the tar was taken. */
  end(): Promise<void>;
  /** Stops; resolves when nothing is taken any more. */
  destroy(): Promise<void>;
  /** Bytes that belonged to the compressed data; undefined when the library does not count them. */
  readonly consumed: number | undefined;
}

/** Output of zlib at a time. With 16 KiB, the default, a 100 MB executable takes 610 ms instead of 330. */
const CHUNK = { chunkSize: 256 * 1024 };

export function decompressor(format: TarFormat, take: TakeBytes): Decompressor {
  switch (format) {
    case "tar.gz": {
      const direct = DirectGunzip.open();
      return direct === undefined
        ? zlibStream("gzip", createGunzip(CHUNK), take)
        : directly("gzip", direct, take);
    }
    case "tar.zst":
      return zlibStream("zstd", createZstdDecompress(CHUNK), take);
    case "tar.xz":
      return piped("xz", take, async function* (input) {
        const { XzReadableStream } = exportsOf(await import("xz-decompress"));
        yield* new XzReadableStream(Readable.toWeb(input));
      });
    case "tar.bz2":
      return piped("bzip2", take, async function* (input) {
        const { default: unbzip2 } = await import("unbzip2-stream");
        yield* chunksOf(input.pipe(unbzip2()));
      });
  }
}

function directly(name: string, gunzip: DirectGunzip, take: TakeBytes): Decompressor {
  const told = async (work: Promise<void>) => {
    try {
      await work;
    } catch (error) {
      throw error === gunzip.failure ? damaged(name, error) : error;
    }
  };
  return {
    write: (chunk) => told(gunzip.push(chunk, take)),
    end: () => told(gunzip.end(take)),
    destroy: () => Promise.resolve(gunzip.close()),
    get consumed() {
      return gunzip.consumed;
    },
  };
}

async function* sound(name: string, output: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* output;
  } catch (error) {
    throw damaged(name, error);
  }
}

function damaged(name: string, cause: unknown): ArchiveError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ArchiveError(`it is not valid ${name} (${reason})`, { cause });
}

/** The chunks of a stream of the old kind, which is paused while one is used. */
async function* chunksOf(stream: NodeJS.ReadableStream): AsyncGenerator<Uint8Array> {
  const queue: Uint8Array[] = [];
  let ended = false;
  let failure: { error: unknown } | undefined;
  let wake = () => {};
  stream.on("data", (chunk: Uint8Array) => {
    queue.push(chunk);
    stream.pause();
    wake();
  });
  stream.on("end", () => (ended = true, wake()));
  stream.on("error", (error: unknown) => (failure = { error }, wake()));
  for (;;) {
    const chunk = queue.shift();
    if (chunk !== undefined) yield chunk;
    else if (failure !== undefined) throw failure.error;
    else if (ended) return;
    else {
      const woken = new Promise<void>((resolve) => wake = resolve);
      stream.resume();
      await woken;
    }
  }
}

function zlibStream(
  name: string,
  stream: Transform & { readonly bytesWritten: number },
  take: TakeBytes,
): Decompressor {
  return {
    ...pumped({ input: stream, output: sound(name, stream), take }),
    get consumed() {
      return stream.bytesWritten;
    },
  };
}

/** A decompressor that reads a stream: what is written waits until it is read. */
function piped(
  name: string,
  take: TakeBytes,
  unpack: (input: PassThrough) => AsyncIterable<Uint8Array>,
): Decompressor {
  const input = new PassThrough();
  return { ...pumped({ input, output: sound(name, unpack(input)), take }), consumed: undefined };
}

/** Takes what comes out while more is put in; the first failure ends both. */
function pumped({ input, output, take }: {
  input: Transform;
  output: AsyncIterable<Uint8Array>;
  take: TakeBytes;
}): Omit<Decompressor, "consumed"> {
  let failure: { error: unknown } | undefined;
  const done = (async () => {
    for await (const bytes of output) await take(bytes);
  })().catch((error: unknown) => {
    failure ??= { error };
    input.destroy();
  });
  const throwFailure = () => {
    if (failure !== undefined) throw failure.error;
  };
  return {
    async write(chunk) {
      throwFailure();
      if (!input.write(chunk)) {
        await Promise.race([
          once(input, "drain").catch(() => {}),
          once(input, "close").catch(() => {}),
          done,
        ]);
      }
      throwFailure();
    },
    async end() {
      if (failure === undefined) input.end();
      await done;
      throwFailure();
    },
    async destroy() {
      failure ??= { error: new ArchiveError("it was not read to its end") };
      input.destroy();
      await done;
    },
  };
}
