import { Buffer } from "node:buffer";
import { crc32, deflateRawSync } from "node:zlib";

/**
 * One zip entry as raw as a test wants it; what is not given is what a well-behaved writer would put there.
 */
export interface ZipMember {
  name: string | Uint8Array;
  body?: string | Uint8Array;
  /** 8 deflates, 0 stores. */
  method?: number;
  /** What the local header says instead of the table of contents. */
  local?: { name?: string; method?: number; flags?: number };
  /** Unix mode with its type bits; 0 for none. */
  mode?: number;
  /** Upper byte of "version made by": 3 is Unix, 0 is DOS. */
  host?: number;
  flags?: number;
  crc?: number;
  compressedSize?: number;
  uncompressedSize?: number;
  extra?: Uint8Array;
  /** Index of the member whose bytes this one claims as its own. */
  sharesBytesOf?: number;
  /** Offset of the local header, where it should be wrong. */
  offset?: number;
}

export interface ZipShape {
  comment?: string | Uint8Array;
  /** Bytes before the first entry; the offsets count them. */
  before?: Uint8Array;
  /** Bytes after the end. */
  after?: Uint8Array;
  /** What the end record says. */
  entryCount?: number;
  directoryOffset?: number;
  disk?: number;
}

const UTF8_FLAG = 0x800;

export function zipArchive(members: readonly ZipMember[], shape: ZipShape = {}): Uint8Array {
  const parts: Uint8Array[] = [shape.before ?? new Uint8Array()];
  const directory: Uint8Array[] = [];
  const offsets: number[] = [];
  let offset = parts[0]?.length ?? 0;
  for (const member of members) {
    const body = bytes(member.body ?? "");
    const method = member.method ?? 0;
    const data = method === 8 ? deflateRawSync(body) : body;
    const at = member.sharesBytesOf === undefined ? offset : offsets[member.sharesBytesOf] ?? 0;
    offsets.push(at);
    if (member.sharesBytesOf === undefined) {
      const header = localHeader(member, { body, data, method });
      parts.push(header, data);
      offset += header.length + data.length;
    }
    directory.push(centralHeader(member, { body, data, method, offset: member.offset ?? at }));
  }
  const toc = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  const comment = bytes(shape.comment ?? "");
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(shape.disk ?? 0, 4);
  end.writeUInt16LE(shape.entryCount ?? members.length, 8);
  end.writeUInt16LE(shape.entryCount ?? members.length, 10);
  end.writeUInt32LE(toc.length, 12);
  end.writeUInt32LE(shape.directoryOffset ?? offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...parts, toc, end, comment, shape.after ?? new Uint8Array()]);
}

/** An extra field: its id and its data. */
export function extraField(id: number, data: Uint8Array): Uint8Array {
  const header = Buffer.alloc(4);
  header.writeUInt16LE(id, 0);
  header.writeUInt16LE(data.length, 2);
  return Buffer.concat([header, data]);
}

/** Info-ZIP's field that spells the name in UTF-8. */
export function unicodePath(plain: string, unicode: string): Uint8Array {
  const head = Buffer.alloc(5);
  head.writeUInt8(1, 0);
  head.writeUInt32LE(crc32(Buffer.from(plain)), 1);
  return extraField(0x7075, Buffer.concat([head, Buffer.from(unicode)]));
}

interface Content {
  body: Uint8Array;
  data: Uint8Array;
  method: number;
}

function localHeader(member: ZipMember, { body, data, method }: Content): Uint8Array {
  const name = bytes(member.local?.name ?? member.name);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(member.local?.flags ?? member.flags ?? UTF8_FLAG, 6);
  header.writeUInt16LE(member.local?.method ?? method, 8);
  header.writeUInt32LE(member.crc ?? crc32(body), 14);
  header.writeUInt32LE(member.compressedSize ?? data.length, 18);
  header.writeUInt32LE(member.uncompressedSize ?? body.length, 22);
  header.writeUInt16LE(name.length, 26);
  return Buffer.concat([header, name]);
}

function centralHeader(
  member: ZipMember,
  { body, data, method, offset }: Content & { offset: number },
): Uint8Array {
  const name = bytes(member.name);
  const extra = member.extra ?? new Uint8Array();
  const slash = name.at(-1) === 0x2f;
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE((member.host ?? 3) << 8 | 20, 4);
  header.writeUInt16LE(20, 6);
  header.writeUInt16LE(member.flags ?? UTF8_FLAG, 8);
  header.writeUInt16LE(method, 10);
  header.writeUInt32LE(member.crc ?? crc32(body), 16);
  header.writeUInt32LE(member.compressedSize ?? data.length, 20);
  header.writeUInt32LE(member.uncompressedSize ?? body.length, 24);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt16LE(extra.length, 30);
  header.writeUInt32LE(((member.mode ?? (slash ? 0o040755 : 0o100644)) << 16) >>> 0, 38);
  header.writeUInt32LE(offset, 42);
  return Buffer.concat([header, name, extra]);
}

function bytes(text: string | Uint8Array): Uint8Array {
  return typeof text === "string" ? Buffer.from(text) : text;
}
