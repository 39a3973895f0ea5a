import { crc32 } from "node:zlib";
import { openPromise } from "yauzl";
import type { Entry, ZipFile } from "yauzl";
import { ArchiveError } from "./archive_error.ts";
import { RATIO_FLOOR_BYTES } from "./limits.ts";
import type { Placement } from "./tar_gz.ts";
import type { TreeWriter } from "./tree_writer.ts";

const TYPE = { mask: 0o170000, none: 0, file: 0o100000, directory: 0o040000, symlink: 0o120000 } as const;
/** Hosts (the upper byte of "version made by") whose external attributes hold a Unix mode: Unix and macOS. */
const UNIX_HOSTS = new Set([3, 19]);
const LOCAL_HEADER_BYTES = 30;
/** No system has longer link targets. */
const MAX_LINK_BYTES = 4096;
const UNICODE_PATH = 0x7075;

/**
 * Unpacks a zip from a file. On top of what yauzl refuses: names that differ between the table of contents
 * and the entries, entries that share bytes (the trick of zip bombs), wrong checksums, and all that {@link
 * TreeWriter} refuses.
 *
 * @throws {ArchiveError}
 */
export async function extractZip(
  file: string,
  { writer, placement }: { writer: TreeWriter; placement: Placement },
): Promise<void> {
  const zip = await openPromise(file, { lazyEntries: true, autoClose: false, strictFileNames: true })
    .catch((error) => {
      throw asArchiveError(error);
    });
  try {
    if (zip.entryCount > writer.limits.entries) {
      throw new ArchiveError(`it has more than ${writer.limits.entries} entries`);
    }
    const spans = new Spans();
    for await (const entry of zip.eachEntry()) {
      await extractEntry(zip, { entry, writer, placement, spans });
    }
  } catch (error) {
    throw asArchiveError(error);
  } finally {
    zip.close();
  }
}

interface EntryContext {
  entry: Entry;
  writer: TreeWriter;
  placement: Placement;
  spans: Spans;
}

async function extractEntry(zip: ZipFile, { entry, writer, placement, spans }: EntryContext): Promise<void> {
  writer.countEntry();
  const name = entry.fileName;
  const { kind, executable } = entryKind(entry);
  const local = await zip.readLocalFileHeaderPromise(entry);
  if (!local.fileName.equals(entry.fileNameRaw)) {
    throw new ArchiveError("has another name in the table of contents", { entry: name });
  }
  if (local.compressionMethod !== entry.compressionMethod || (local.generalPurposeBitFlag & 1) !== 0) {
    throw new ArchiveError("is described differently in the table of contents", { entry: name });
  }
  if (entry.isEncrypted()) throw new ArchiveError("is encrypted", { entry: name });
  if (!entry.canDecodeFileData()) {
    throw new ArchiveError(`has the unsupported compression method ${entry.compressionMethod}`, {
      entry: name,
    });
  }
  if (entry.extraFields.some(({ id }) => id === UNICODE_PATH)) checkUnicodePath(entry);
  spans.add(entry.relativeOffsetOfLocalHeader, local.fileDataStart + entry.compressedSize, name);
  if (
    entry.uncompressedSize > RATIO_FLOOR_BYTES &&
    entry.uncompressedSize > writer.limits.ratio * (entry.compressedSize + LOCAL_HEADER_BYTES)
  ) {
    throw new ArchiveError(`unpacks to more than ${writer.limits.ratio} times its size`, { entry: name });
  }
  const components = writer.place(name, placement);
  if (kind === "directory") {
    if (entry.uncompressedSize !== 0) throw new ArchiveError("is a directory with content", { entry: name });
    if (components !== undefined) writer.directory(components);
    return;
  }
  if (components === undefined) return;
  if (kind === "symlink") {
    if (entry.uncompressedSize > MAX_LINK_BYTES) {
      throw new ArchiveError("is a link that is too long", { entry: name });
    }
    const target: Uint8Array[] = [];
    await readEntry(zip, { entry, writer, take: (chunk) => target.push(chunk) });
    writer.symlink(components, new TextDecoder("utf-8", { ignoreBOM: true }).decode(concat(target)));
    return;
  }
  const file = writer.file(components, { executable });
  await readEntry(zip, { entry, writer, take: (chunk) => file.write(chunk) });
  await file.close();
}

/** Streams an entry's content; yauzl checks its size, this its checksum. */
async function readEntry(
  zip: ZipFile,
  { entry, writer, take }: { entry: Entry; writer: TreeWriter; take: (chunk: Uint8Array) => void },
): Promise<void> {
  const stream = await zip.openReadStreamPromise(entry);
  let checksum = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    writer.countBytes(chunk.length);
    checksum = crc32(chunk, checksum);
    take(chunk);
  }
  if (checksum !== entry.crc32) throw new ArchiveError("has a wrong checksum", { entry: entry.fileName });
}

function entryKind(entry: Entry): { kind: "file" | "directory" | "symlink"; executable: boolean } {
  const name = entry.fileName;
  const slash = name.endsWith("/");
  const mode = entry.externalFileAttributes >>> 16;
  const type = mode & TYPE.mask;
  const unix = UNIX_HOSTS.has(entry.versionMadeBy >>> 8);
  if ((mode & 0o6000) !== 0) throw new ArchiveError("is setuid or setgid", { entry: name });
  if (type !== TYPE.none && type !== TYPE.file && type !== TYPE.directory && type !== TYPE.symlink) {
    throw new ArchiveError("is a device, a FIFO or a socket", { entry: name });
  }
  if (type === TYPE.symlink) {
    if (!unix || slash) throw new ArchiveError("is a link only to some readers", { entry: name });
    return { kind: "symlink", executable: false };
  }
  if ((type === TYPE.directory && !slash) || (type === TYPE.file && slash)) {
    throw new ArchiveError("is a directory only to some readers", { entry: name });
  }
  return { kind: slash ? "directory" : "file", executable: unix && (mode & 0o111) !== 0 };
}

/** The Unicode path field may only spell the name that the entry already has. */
function checkUnicodePath(entry: Entry): void {
  const plain = new TextDecoder().decode(entry.fileNameRaw);
  if (plain !== entry.fileName && isAscii(plain)) {
    throw new ArchiveError("has another name in its Unicode path field", { entry: entry.fileName });
  }
}

function isAscii(text: string): boolean {
  return [...text].every((character) => character <= "\u007e");
}

/** The parts of the file that belong to entries, kept apart from each other. */
class Spans {
  readonly #spans: { start: number; end: number }[] = [];

  add(start: number, end: number, name: string): void {
    const index = this.#firstAfter(start);
    const before = this.#spans[index - 1];
    const after = this.#spans[index];
    if ((before !== undefined && before.end > start) || (after !== undefined && after.start < end)) {
      throw new ArchiveError("shares its bytes with another entry", { entry: name });
    }
    this.#spans.splice(index, 0, { start, end });
  }

  /** Binary search; entries nearly always come in order, so that the splice above appends. */
  #firstAfter(start: number): number {
    let [low, high] = [0, this.#spans.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#spans[middle]?.start ?? 0) <= start) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    all.set(chunk, offset);
    offset += chunk.length;
  }
  return all;
}

/** yauzl reports damage as plain errors; those of the disk have a code and stay what they are. */
function asArchiveError(error: unknown): unknown {
  if (error instanceof ArchiveError || !(error instanceof Error)) return error;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (code !== "" && !code.startsWith("Z_") && !code.startsWith("ERR_")) return error;
  return new ArchiveError(`it is not a valid zip (${error.message})`, { cause: error });
}
