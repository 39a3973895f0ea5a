import { Buffer } from "node:buffer";
import { ArchiveError } from "./archive_error.ts";

const BLOCK = 512;
/** Bytes of metadata before one entry. */
const MAX_METADATA = 2 ** 20;

/** An entry, as its header and the metadata before it say. */
export interface TarEntry {
  name: string;
  kind: "file" | "directory" | "symlink" | "link";
  mode: number;
  /** Of a link: where it leads. */
  linkname: string;
}

/** Where the entries go, in the archive's order. */
export interface TarSink {
  entry(entry: TarEntry): void;
  /** Bytes of the last entry, whose memory is used again afterwards. */
  body(bytes: Uint8Array): void;
  /** The last entry is whole. */
  done(): void;
}

const KINDS: Readonly<Record<string, TarEntry["kind"]>> = {
  "\0": "file",
  "0": "file",
  "1": "link",
  "2": "symlink",
  "5": "directory",
};
/** POSIX and GNU metadata. */
const METADATA = new Set(["x", "g", "L", "K"]);
const NAMES: Readonly<Record<string, string>> = {
  "3": "a character device",
  "4": "a block device",
  "6": "a FIFO",
  "7": "a contiguous file",
  S: "a sparse file",
  D: "an incremental dump",
  M: "a part of another volume",
  V: "a volume label",
};

/** What metadata says of the entry behind it. */
type Overrides = Partial<Pick<TarEntry, "name" | "linkname">>;

/**
 * Reads a tar as it arrives, on the caller's thread: a promise for each piece would cost more than its bytes.
 * It refuses what readers of tars do not agree on: unknown kinds of entry, sizes in other notations, metadata
 * with a broken grammar, records that change a file's size or contents or name all files, two names for one
 * entry, content of directories, bytes behind the end.
 */
export class TarReader {
  readonly #sink: TarSink;
  readonly #header = Buffer.alloc(BLOCK);
  /** Bytes of the header that are here. */
  #filled = 0;
  /** Bytes of the entry that are still to come, and of what fills its last block. */
  #body = 0;
  #padding = 0;
  /** Whether the sink takes the entry's bytes. */
  #takes = false;
  #metadata: { kind: string; bytes: Buffer; filled: number } | undefined;
  /** Bytes of it since the last entry. */
  #metadataBytes = 0;
  #next: Overrides = {};
  /** Blocks of zeros so far; two are the end. */
  #zeros = 0;

  constructor(sink: TarSink) {
    this.#sink = sink;
  }

  /**
   * Reads to the end of the first entry that ends in the bytes, or to theirs.
   *
   * @returns where the next call begins
   * @throws {ArchiveError}
   */
  push(bytes: Uint8Array, from = 0): number {
    let at = from;
    while (at < bytes.length) {
      if (this.#zeros === 2) {
        if (bytes.subarray(at).some((byte) => byte !== 0)) throw invalid("there is more behind its end");
        return bytes.length;
      }
      if (this.#metadata !== undefined) {
        at += this.#readMetadata(bytes, at);
      } else if (this.#body > 0) {
        const part = bytes.subarray(at, at + this.#body);
        at += part.length;
        this.#body -= part.length;
        if (this.#takes) this.#sink.body(part);
        if (this.#body === 0 && this.#finishEntry()) return at;
      } else if (this.#padding > 0) {
        const skipped = Math.min(this.#padding, bytes.length - at);
        this.#padding -= skipped;
        at += skipped;
      } else {
        const part = bytes.subarray(at, at + BLOCK - this.#filled);
        this.#header.set(part, this.#filled);
        this.#filled += part.length;
        at += part.length;
        if (this.#filled === BLOCK && this.#readHeader()) return at;
      }
    }
    return at;
  }

  /** @throws {ArchiveError} when the archive is not over yet */
  end(): void {
    if (this.#zeros < 2) throw invalid("it is cut short");
  }

  /** @returns whether it was an entry without a body */
  #readHeader(): boolean {
    const header = this.#header;
    this.#filled = 0;
    if (header[0] === 0 && header.every((byte) => byte === 0)) {
      this.#zeros++;
      return false;
    }
    if (this.#zeros > 0) throw invalid("there is more behind its end");
    checkSum(header);
    const own = text(header, 0, 100);
    const kind = String.fromCharCode(header[156] ?? 0);
    const size = octal(header.toString("latin1", 124, 136), own);
    if (METADATA.has(kind)) {
      this.#beginMetadata(kind, size, own);
      return false;
    }
    const known = KINDS[kind];
    if (known === undefined) {
      throw new ArchiveError(`is ${NAMES[kind] ?? `of an unknown kind (${JSON.stringify(kind)})`}`, {
        entry: own,
      });
    }
    const prefix = header[345] !== 0 && text(header, 257, 6) === "ustar" ? text(header, 345, 155) : "";
    const entry: TarEntry = {
      name: prefix === "" ? own : `${prefix}/${own}`,
      kind: known,
      mode: loose(header.toString("latin1", 100, 108)),
      linkname: header[157] === 0 ? "" : text(header, 157, 100),
      ...this.#next,
    };
    this.#next = {};
    this.#metadataBytes = 0;
    this.#body = known === "file" ? size : 0;
    this.#padding = padding(this.#body);
    // Old tars mark a directory by its name alone.
    if (known === "file" && entry.name.endsWith("/")) {
      if (size > 0) throw new ArchiveError("is a directory with content", { entry: entry.name });
      entry.kind = "directory";
    }
    this.#takes = entry.kind === "file";
    this.#sink.entry(entry);
    return this.#body === 0 && this.#finishEntry();
  }

  #finishEntry(): boolean {
    if (this.#takes) this.#sink.done();
    return true;
  }

  #beginMetadata(kind: string, size: number, entry: string): void {
    this.#metadataBytes += size;
    if (this.#metadataBytes > MAX_METADATA) {
      throw new ArchiveError(`has more than ${MAX_METADATA} bytes of metadata`, { entry });
    }
    if (size === 0) throw new ArchiveError("is metadata without content", { entry });
    this.#metadata = { kind, bytes: Buffer.alloc(size), filled: 0 };
    this.#padding = padding(size);
  }

  /** @returns how many bytes it took */
  #readMetadata(bytes: Uint8Array, at: number): number {
    const metadata = this.#metadata;
    if (metadata === undefined) return 0;
    const part = bytes.subarray(at, at + metadata.bytes.length - metadata.filled);
    metadata.bytes.set(part, metadata.filled);
    metadata.filled += part.length;
    if (metadata.filled < metadata.bytes.length) return part.length;
    this.#metadata = undefined;
    const { kind, bytes: whole } = metadata;
    if (kind === "L") this.#override({ name: text(whole, 0, whole.length) });
    else if (kind === "K") this.#override({ linkname: text(whole, 0, whole.length) });
    else if (kind === "x") this.#override(paxOverrides(whole));
    else if (Object.keys(paxOverrides(whole)).length > 0) {
      throw new ArchiveError("it has metadata that names all its files");
    }
    return part.length;
  }

  /** Readers differ in whether POSIX's word counts or GNU's, and the first or the last. */
  #override(overrides: Overrides): void {
    const again = Object.keys(overrides).some((key) => Object.hasOwn(this.#next, key));
    if (again) throw new ArchiveError("it has two pieces of metadata that name one entry");
    this.#next = { ...this.#next, ...overrides };
  }
}

function invalid(reason: string): ArchiveError {
  return new ArchiveError(`it is not a valid tar (${reason})`);
}

function padding(size: number): number {
  return (BLOCK - size % BLOCK) % BLOCK;
}

/** What looks like a mark of the byte order is a part of the name. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Up to the first NUL. */
function text(bytes: Buffer, from: number, length: number): string {
  const zero = bytes.indexOf(0, from);
  return bytes.toString("utf8", from, zero === -1 ? from + length : Math.min(zero, from + length));
}

/**
 * Octal digits, then NULs or spaces. Anything larger than fits here (base 256, a pax record) is above the
 * limit anyway.
 */
function octal(field: string, entry: string): number {
  const match = /^ *([0-7]+)[ \0]*$/.exec(field);
  if (match === null) throw new ArchiveError("has a size that is not an octal number", { entry });
  return parseInt(match[1] ?? "", 8);
}

/** Octal digits up to the first NUL, with spaces around them, or none at all. */
function loose(field: string): number {
  const zero = field.indexOf("\0");
  const digits = zero === -1 ? field : field.slice(0, zero);
  const packed = digits.replace(/^ +| +$/g, "");
  if (!/^[0-7]*$/.test(packed)) throw invalid("a header has a number that is not octal");
  return packed === "" ? 0 : parseInt(packed, 8);
}

/** The sum of a header's bytes, as if those of the sum itself were spaces. */
function checkSum(header: Buffer): void {
  let sum = 8 * 0x20;
  for (let at = 0; at < BLOCK; at++) {
    if (at < 148 || at >= 156) sum += header[at] ?? 0;
  }
  if (sum !== loose(header.toString("latin1", 148, 156))) throw invalid("a header has a wrong checksum");
}

/** Records are `LENGTH KEY=VALUE\n`, where LENGTH counts the whole record. */
function paxOverrides(bytes: Uint8Array): Overrides {
  const overrides: Overrides = {};
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
    const record = decoder.decode(bytes.subarray(space + 1, end - 1));
    const equals = record.indexOf("=");
    if (equals < 1) throw new ArchiveError("it has metadata without a key");
    const key = record.slice(0, equals);
    if (key === "size" || key.startsWith("GNU.sparse.")) {
      throw new ArchiveError(`it has metadata that changes a file's contents (${key})`);
    }
    if (key === "path") overrides.name = record.slice(equals + 1);
    if (key === "linkpath") overrides.linkname = record.slice(equals + 1);
    offset = end;
  }
  return overrides;
}
