import { Buffer } from "node:buffer";

/** Of a SHA-256. */
const BYTES = 32;
/** Of the lines that are made at a time. */
const ROOM = 64 * 1024;

/**
 * The regular files of a tree, each with its SHA-256, as `files.sha256` lists them. A package may have
 * 100,000 of them, so there is no object for each.
 */
export class FileHashes {
  readonly #paths: string[] = [];
  #hashes = Buffer.alloc(64 * BYTES);

  /** Below the root, with `/`, in the order they were added in. */
  get paths(): readonly string[] {
    return this.#paths;
  }

  /** @param sha256 its memory may be used again */
  add(path: string, sha256: Uint8Array): void {
    const at = this.#paths.length * BYTES;
    if (at === this.#hashes.length) this.#hashes = Buffer.concat([this.#hashes], at * 2);
    this.#hashes.set(sha256, at);
    this.#paths.push(path);
  }

  /** @param index in {@link paths} */
  sha256(index: number): Uint8Array {
    return this.#hashes.subarray(index * BYTES, (index + 1) * BYTES);
  }

  /**
   * The lines of `files.sha256`, as many at a time as fit, in the order of the paths' code units. Their
   * memory is used again for the next.
   */
  *lines(): Generator<Uint8Array> {
    const paths = this.#paths;
    const order = new Uint32Array(paths.length).map((_, index) => index).sort((a, b) =>
      (paths[a] ?? "") < (paths[b] ?? "") ? -1 : 1
    );
    let room = Buffer.allocUnsafe(ROOM);
    let filled = 0;
    for (const index of order) {
      const path = paths[index] ?? "";
      // At most 3 bytes of UTF-8 for a code unit.
      const most = 2 * BYTES + 3 + 3 * path.length;
      if (filled + most > room.length) {
        yield room.subarray(0, filled);
        filled = 0;
        if (most > room.length) room = Buffer.allocUnsafe(most);
      }
      const sha256 = this.#hashes.toString("hex", index * BYTES, (index + 1) * BYTES);
      filled += room.write(sha256, filled, "latin1");
      filled += room.write("  ", filled, "latin1");
      filled += room.write(path, filled);
      filled += room.write("\n", filled, "latin1");
    }
    yield room.subarray(0, filled);
  }
}
