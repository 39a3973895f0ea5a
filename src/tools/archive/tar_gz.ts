import { ArchiveError } from "./archive_error.ts";
import { type Decompressor, decompressor, type TarFormat } from "./decompressor.ts";
import { RATIO_FLOOR_BYTES } from "./limits.ts";
import { type TarEntry, TarReader } from "./tar_reader.ts";
import type { FileSink, TreeWriter } from "./tree_writer.ts";

/** Where an archive's entries go. */
export interface Placement {
  /** Leading path components to drop; entries that have no more are dropped themselves. */
  strip: number;
  /** Directory below the writer's root, "" for the root itself. */
  into: string;
}

/**
 * Unpacks a compressed tar while it arrives. `write` resolves when more may come, so that memory does not
 * grow with the archive; `end` when everything is written; either throws what went wrong.
 */
export class TarGzExtractor {
  readonly #decompressor: Decompressor;
  readonly #tar: TarReader;
  readonly #writer: TreeWriter;
  readonly #placement: Placement;
  /** The file whose bytes come; none while those of an entry that is passed over do. */
  #file: FileSink | undefined;
  /** Resolves when another file may begin. */
  #closed: Promise<void> | undefined;
  #received = 0;
  #inflated = 0;

  constructor(writer: TreeWriter, placement: Placement, format: TarFormat = "tar.gz") {
    this.#writer = writer;
    this.#placement = placement;
    this.#tar = new TarReader({
      entry: (entry) => this.#extract(entry),
      body: (bytes) => this.#file?.write(bytes),
      done: () => {
        this.#closed = this.#file?.close();
        this.#file = undefined;
      },
    });
    this.#decompressor = decompressor(format, (bytes) => this.#take(bytes));
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#received += chunk.length;
    await this.#decompressor.write(chunk);
  }

  async end(): Promise<void> {
    await this.#decompressor.end();
    this.#tar.end();
    // zlib takes a NUL after the compressed data for padding and looks no further.
    if (this.#decompressor.consumed !== undefined && this.#decompressor.consumed !== this.#received) {
      throw new ArchiveError("it has more data after its end");
    }
  }

  /** Stops all stages. Does nothing after `end`. */
  async abort(): Promise<void> {
    await this.#decompressor.destroy();
    await this.#writer.settle();
  }

  async #take(bytes: Uint8Array): Promise<void> {
    this.#count(bytes.length);
    for (let at = 0; at < bytes.length;) {
      at = this.#tar.push(bytes, at);
      if (this.#closed === undefined) continue;
      const closed = this.#closed;
      this.#closed = undefined;
      await closed;
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

  #extract({ name, kind, mode, linkname }: TarEntry): void {
    this.#writer.countEntry();
    if ((mode & 0o6000) !== 0) throw new ArchiveError("is setuid or setgid", { entry: name });
    const path = this.#writer.place(name, this.#placement);
    if (path === undefined) return;
    switch (kind) {
      case "file":
        this.#file = this.#writer.file(path, { executable: (mode & 0o111) !== 0 });
        return;
      case "directory":
        return this.#writer.directory(path);
      case "symlink":
        return this.#writer.symlink(path, linkname);
      case "link": {
        const target = this.#writer.place(linkname, this.#placement);
        if (target === undefined) throw new ArchiveError("is a hard link to nothing", { entry: name });
        return this.#writer.hardlink(path, target);
      }
    }
  }
}
