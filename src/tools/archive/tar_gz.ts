import { createTarDecoder, type ParsedTarEntry, type TarHeader } from "modern-tar";
import { ArchiveError } from "./archive_error.ts";
import { type Decompressor, decompressor, type TarFormat } from "./decompressor.ts";
import { RATIO_FLOOR_BYTES } from "./limits.ts";
import { TarScan } from "./tar_scan.ts";
import type { TreeWriter } from "./tree_writer.ts";

/** Where an archive's entries go. */
export interface Placement {
  /** Leading path components to drop; entries that have no more are dropped themselves. */
  strip: number;
  /** Directory below the writer's root, "" for the root itself. */
  into: string;
}

/**
 * Unpacks a compressed tar while it arrives. `write` resolves when more may come (backpressure
 * through all stages, so that memory does not grow with the archive); `end` when everything is written;
 * either throws what went wrong in any stage.
 */
export class TarGzExtractor {
  readonly #decompressor: Decompressor;
  readonly #done: Promise<unknown>;
  readonly #writer: TreeWriter;
  readonly #placement: Placement;
  #failure: { error: unknown } | undefined;
  #received = 0;
  #inflated = 0;

  constructor(writer: TreeWriter, placement: Placement, format: TarFormat = "tar.gz") {
    this.#decompressor = decompressor(format);
    this.#writer = writer;
    this.#placement = placement;
    const decoder = createTarDecoder({ strict: true });
    this.#done = Promise.all([
      this.#inflate(decoder.writable).catch((error) => this.#fail(error)),
      this.#extract(decoder.readable).catch((error) => this.#fail(error)),
    ]);
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#throwFailure();
    this.#received += chunk.length;
    await Promise.race([this.#decompressor.write(chunk), this.#done]);
    this.#throwFailure();
  }

  async end(): Promise<void> {
    if (this.#failure === undefined) this.#decompressor.end();
    await this.#done;
    this.#throwFailure();
    // zlib takes a NUL after the compressed data for padding and looks no further.
    if (this.#decompressor.consumed !== undefined && this.#decompressor.consumed !== this.#received) {
      throw new ArchiveError("it has more data after its end");
    }
  }

  /** Stops all stages. Does nothing after `end`. */
  async abort(): Promise<void> {
    this.#fail(new ArchiveError("it was not read to its end"));
    await this.#done;
    await this.#writer.settle();
  }

  /** Keeps the first failure; those of the other stages follow from it. */
  #fail(error: unknown): void {
    this.#failure ??= { error: asArchiveError(error) };
    this.#decompressor.destroy();
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #inflate(tar: WritableStream<Uint8Array>): Promise<void> {
    const writer = tar.getWriter();
    const scan = new TarScan();
    try {
      for await (const chunk of this.#decompressor.output) {
        this.#count(chunk.length);
        scan.push(chunk);
        await writer.write(chunk);
      }
      this.#throwFailure();
      await writer.close();
    } catch (error) {
      await writer.abort(error).catch(() => {});
      throw error;
    }
  }

  #count(bytes: number): void {
    this.#inflated += bytes;
    this.#writer.countBytes(bytes);
    const { ratio } = this.#writer.limits;
    if (this.#inflated > RATIO_FLOOR_BYTES && this.#inflated > ratio * this.#received) {
      throw new ArchiveError(`it unpacks to more than ${ratio} times its size`);
    }
  }

  async #extract(entries: ReadableStream<ParsedTarEntry>): Promise<void> {
    const reader = entries.getReader();
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        await this.#extractEntry(next.value);
      }
    } catch (error) {
      await reader.cancel(error).catch(() => {});
      throw error;
    }
  }

  async #extractEntry({ header, body }: ParsedTarEntry): Promise<void> {
    this.#writer.countEntry();
    checkMode(header);
    const { type = "file" } = header;
    const components = this.#writer.place(header.name, this.#placement);
    if (components === undefined) {
      // Read to its end: the decoder waits for ever after a body that is cancelled before the last entry.
      if (type === "file") await drain(body);
    } else if (type === "file") {
      await this.#extractFile(components, header, body);
    } else if (type === "directory") {
      this.#writer.directory(components);
      if (header.size > 0) await body.cancel();
    } else if (type === "symlink") {
      this.#writer.symlink(components, header.linkname ?? "");
    } else if (type === "link") {
      this.#extractHardlink(components, header);
    } else {
      throw new ArchiveError(`is a ${type}`, { entry: header.name });
    }
  }

  async #extractFile(path: string[], header: TarHeader, body: ReadableStream<Uint8Array>): Promise<void> {
    const file = this.#writer.file(path, { executable: ((header.mode ?? 0) & 0o111) !== 0 });
    const reader = body.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) file.write(next.value);
    await file.close();
  }

  #extractHardlink(path: string[], header: TarHeader): void {
    const target = this.#writer.place(header.linkname ?? "", this.#placement);
    if (target === undefined) throw new ArchiveError("is a hard link to nothing", { entry: header.name });
    this.#writer.hardlink(path, target);
  }
}

function checkMode({ name, mode = 0 }: TarHeader): void {
  if ((mode & 0o6000) !== 0) throw new ArchiveError("is setuid or setgid", { entry: name });
}

/** Damage that zlib or the tar library found; errors of the disk stay what they are. */
function asArchiveError(error: unknown): unknown {
  if (error instanceof ArchiveError || !(error instanceof Error)) return error;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (code.startsWith("Z_")) {
    return new ArchiveError(`it is not valid gzip (${error.message})`, { cause: error });
  }
  if (code === "" && error.constructor === Error) {
    return new ArchiveError(`it is not a valid tar (${error.message.replace(/\.$/, "")})`, { cause: error });
  }
  return error;
}

async function drain(body: ReadableStream<Uint8Array>): Promise<void> {
  const reader = body.getReader();
  while (!(await reader.read()).done);
}
