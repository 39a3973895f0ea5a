import { packTar } from "modern-tar";
import { Buffer } from "node:buffer";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { gzipSync } from "node:zlib";

/** One file of a package or archive. */
export interface PackageFile {
  /** With forward slashes, from the root of the archive. */
  path: string;
  content: Uint8Array | string;
  /** 0o755; everything else is 0o644. */
  executable?: boolean;
}

/**
 * Every file of an archive has this time, as npm gives it to the files of its tarballs: two builds are alike.
 */
const epoch = new Date("1985-10-26T08:15:00Z");

/** A tar archive whose bytes depend on names, contents and order alone. */
export async function tarOf(files: readonly PackageFile[]): Promise<Uint8Array> {
  return await packTar(files.map(({ path, content, executable = false }) => {
    const body = typeof content === "string" ? Buffer.from(content) : content;
    const mode = executable ? 0o755 : 0o644;
    return {
      header: { name: path, type: "file" as const, size: body.length, mode, mtime: epoch, uid: 0, gid: 0 },
      body: new Uint8Array(body),
    };
  }));
}

/** @returns bytes whose gzip header names no time and no file. */
export async function tarGzOf(files: readonly PackageFile[]): Promise<Uint8Array> {
  const bytes = gzipSync(await tarOf(files), { level: 9 });
  // RFC 1952: byte 9 is the system that compressed. Zlib writes its own; 255 is "unknown" and the same
  // everywhere.
  bytes[9] = 255;
  return bytes;
}

export function writeOut(path: string, content: Uint8Array | string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
