import { ArchiveError } from "./archive_error.ts";

const BLOCK = 512;
/** As many bytes of metadata before one entry as modern-tar takes. */
const MAX_METADATA = 2 ** 20;

/**
 * The kinds of entry that haft knows: files, hard and symbolic links, directories, and POSIX and GNU
 * metadata.
 */
const KNOWN = new Set(["\0", "0", "1", "2", "5", "x", "g", "L", "K"]);
const METADATA = new Set(["x", "g", "L", "K"]);
const WITHOUT_BODY = new Set(["1", "2", "5"]);
const NAMES: Record<string, string> = {
  "3": "a character device",
  "4": "a block device",
  "6": "a FIFO",
  "7": "a contiguous file",
  S: "a sparse file",
  D: "an incremental dump",
  M: "a part of another volume",
  V: "a volume label",
};

/**
 * Looks at the raw headers on their way to the tar library, for what the library forgives or does not hand
 * on: unknown kinds of entry (it takes them for files), sizes that only other tars would read the same way,
 * metadata with a broken grammar, records that change a file's size or contents. It interprets nothing else:
 * where it and the library could see a different structure, it refuses.
 */
export class TarScan {
  #header = new Uint8Array(BLOCK);
  #filled = 0;
  /** Bytes until the next header. */
  #skip = 0;
  #metadata: { kind: string; bytes: Uint8Array; filled: number } | undefined;
  #ended = false;

  /** @throws {ArchiveError} */
  push(chunk: Uint8Array): void {
    let offset = 0;
    while (offset < chunk.length && !this.#ended) {
      if (this.#metadata !== undefined && this.#metadata.filled < this.#metadata.bytes.length) {
        const { bytes, filled } = this.#metadata;
        const part = chunk.subarray(offset, offset + bytes.length - filled);
        bytes.set(part, filled);
        this.#metadata.filled += part.length;
        offset += part.length;
        if (this.#metadata.filled === bytes.length) this.#finishMetadata();
        continue;
      }
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, chunk.length - offset);
        this.#skip -= skipped;
        offset += skipped;
        continue;
      }
      const part = chunk.subarray(offset, offset + BLOCK - this.#filled);
      this.#header.set(part, this.#filled);
      this.#filled += part.length;
      offset += part.length;
      if (this.#filled === BLOCK) {
        this.#filled = 0;
        this.#readHeader(this.#header);
      }
    }
  }

  #readHeader(header: Uint8Array): void {
    if (header.every((byte) => byte === 0)) {
      // The library checks that a second block of zeros follows, and nothing else.
      this.#ended = true;
      return;
    }
    const entry = text(header.subarray(0, 100));
    const kind = String.fromCharCode(header[156] ?? 0);
    if (!KNOWN.has(kind)) {
      throw new ArchiveError(`is ${NAMES[kind] ?? `of an unknown kind (${JSON.stringify(kind)})`}`, {
        entry,
      });
    }
    const size = octal(header.subarray(124, 136), entry);
    const body = WITHOUT_BODY.has(kind) ? 0 : size;
    if (METADATA.has(kind)) {
      if (size > MAX_METADATA) {
        throw new ArchiveError(`has more than ${MAX_METADATA} bytes of metadata`, { entry });
      }
      this.#metadata = { kind, bytes: new Uint8Array(body), filled: 0 };
      this.#skip = padding(body);
      if (body === 0) throw new ArchiveError("is metadata without content", { entry });
      return;
    }
    this.#skip = body + padding(body);
  }

  #finishMetadata(): void {
    const metadata = this.#metadata;
    this.#metadata = undefined;
    if (metadata !== undefined && (metadata.kind === "x" || metadata.kind === "g")) checkPax(metadata.bytes);
  }
}

function padding(size: number): number {
  return (BLOCK - size % BLOCK) % BLOCK;
}

function text(field: Uint8Array): string {
  const end = field.indexOf(0);
  return new TextDecoder().decode(end === -1 ? field : field.subarray(0, end));
}

/**
 * Octal digits, then NULs or spaces. Anything larger than fits here (base 256, a pax record) is above the
 * limit anyway.
 */
function octal(field: Uint8Array, entry: string): number {
  const match = /^ *([0-7]+)[ \0]*$/.exec(String.fromCharCode(...field));
  if (match === null) throw new ArchiveError("has a size that is not an octal number", { entry });
  return parseInt(match[1] ?? "", 8);
}

/** Records are `LENGTH KEY=VALUE\n`, where LENGTH counts the whole record. */
function checkPax(bytes: Uint8Array): void {
  let offset = 0;
  while (offset < bytes.length) {
    const space = bytes.indexOf(0x20, offset);
    const digits = space === -1
      ? ""
      : String.fromCharCode(...bytes.subarray(offset, Math.min(space, offset + 8)));
    const end = offset + Number(digits);
    if (!/^[1-9][0-9]*$/.test(digits) || end > bytes.length || end <= space || bytes[end - 1] !== 0x0a) {
      throw new ArchiveError("it has metadata with a wrong length");
    }
    const record = new TextDecoder().decode(bytes.subarray(space + 1, end - 1));
    const equals = record.indexOf("=");
    if (equals < 1) throw new ArchiveError("it has metadata without a key");
    const key = record.slice(0, equals);
    if (key === "size" || key.startsWith("GNU.sparse.")) {
      throw new ArchiveError(`it has metadata that changes a file's contents (${key})`);
    }
    offset = end;
  }
}
