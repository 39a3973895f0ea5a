import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";

/**
 * One tar member as raw as a test wants it. Whatever is not given is what a well-behaved writer would put
 * there.
 */
export interface TarMember {
  name?: string | Uint8Array;
  type?: string;
  body?: string | Uint8Array;
  mode?: number;
  linkname?: string;
  prefix?: string;
  /** The size field's 12 bytes, where they should not tell the body's length. */
  sizeField?: Uint8Array;
  /** The checksum field's text, where it should be wrong. */
  checksum?: string;
  magic?: string;
}

const BLOCK = 512;

/** The member's header and its padded body. */
export function tarMember(member: TarMember): Uint8Array {
  const { type = "0", mode = type === "5" ? 0o755 : 0o644 } = member;
  const body = bytes(member.body ?? "");
  const header = Buffer.alloc(BLOCK);
  header.set(bytes(member.name ?? "file").subarray(0, 100), 0);
  header.write(octal(mode, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.set(member.sizeField ?? bytes(octal(body.length, 11)), 124);
  header.write(octal(0, 11), 136);
  header.write("        ", 148);
  header.write(type, 156);
  header.write(member.linkname ?? "", 157, 100);
  header.write(member.magic ?? "ustar\u000000", 257, 8, "latin1");
  header.write(member.prefix ?? "", 345, 155);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(member.checksum ?? `${sum.toString(8).padStart(6, "0")}\0 `, 148, 8, "latin1");
  return Buffer.concat([header, body, Buffer.alloc((BLOCK - body.length % BLOCK) % BLOCK)]);
}

/** A pax header (type `x`, or `g` for all that follow) with the records as they are given. */
export function paxMember(records: Record<string, string>, type: "x" | "g" = "x"): Uint8Array {
  return tarMember({ name: "PaxHeader", type, body: Object.entries(records).map(paxRecord).join("") });
}

function paxRecord([key, value]: [string, string]): string {
  const rest = ` ${key}=${value}\n`;
  const restLength = Buffer.byteLength(rest);
  let length = restLength + String(restLength).length;
  if (restLength + String(length).length !== length) length = restLength + String(length).length;
  return `${length}${rest}`;
}

/** GNU's way of a long name (`L`) or link target (`K`). */
export function gnuLongMember(name: string, type: "L" | "K" = "L"): Uint8Array {
  return tarMember({ name: "././@LongLink", type, body: `${name}\0`, magic: "ustar  \0" });
}

/** Members, then the two blocks of zeros that end an archive. */
export function tarArchive(...members: (TarMember | Uint8Array)[]): Uint8Array {
  const parts = members.map((member) => member instanceof Uint8Array ? member : tarMember(member));
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

/** A package as npm packs it: every path below `package/`; executables where the path says so (`bin/…`). */
export function packageTarball(files: Record<string, string | Uint8Array>): Uint8Array {
  const members = Object.entries(files).map(([path, body]) => ({
    name: `package/${path}`,
    body,
    mode: path.startsWith("bin/") ? 0o755 : 0o644,
  }));
  return gzipSync(tarArchive(...members));
}

function octal(value: number, digits: number): string {
  return `${value.toString(8).padStart(digits, "0")}\0`;
}

function bytes(text: string | Uint8Array): Uint8Array {
  return typeof text === "string" ? Buffer.from(text) : text;
}
