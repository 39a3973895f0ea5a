import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { packTar, type TarEntry } from "modern-tar";

/** Path → content, or what else an entry can be. */
export type Files = Readonly<
  Record<string, string | Uint8Array | { content: string | Uint8Array; mode?: number } | { symlink: string }>
>;

/** npm gives every file this time, so that the same files make the same tarball. */
const MTIME = new Date("1985-10-26T08:15:00.000Z");

/** A .tgz as npm publishes it: every entry below one folder. The same files give the same bytes. */
export async function packTarball(files: Files, { root = "package" } = {}): Promise<Uint8Array> {
  const entries = Object.entries(files).map(([path, file]): TarEntry => {
    const name = `${root}/${path}`;
    if (typeof file === "object" && "symlink" in file) {
      return {
        header: { name, type: "symlink", linkname: file.symlink, size: 0, mtime: MTIME, mode: 0o777 },
      };
    }
    const { content, mode = 0o644 } = typeof file === "object" && "content" in file
      ? file
      : { content: file };
    const body = new Uint8Array(Buffer.from(content));
    return { header: { name, type: "file", size: body.length, mtime: MTIME, mode }, body };
  });
  return new Uint8Array(gzipSync(await packTar(entries)));
}
