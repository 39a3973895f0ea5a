import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { ArchiveError } from "./archive_error.ts";
import { RATIO_FLOOR_BYTES } from "./limits.ts";
import type { TreeWriter } from "./tree_writer.ts";

/**
 * Writes a downloaded program into the tree: as it is, or out of a gzip that holds this one file.
 *
 * @param path its place below the root
 * @throws {ArchiveError}
 */
export async function writeSingleFile(
  file: string,
  { writer, path, compressed }: { writer: TreeWriter; path: string; compressed: boolean },
): Promise<void> {
  writer.countEntry();
  const components = writer.place(path, { strip: 0, into: "" });
  if (components === undefined) throw new ArchiveError("has no name");
  const sink = writer.file(components, { executable: true });
  const source = createReadStream(file);
  let written = 0;
  const take = async (chunks: AsyncIterable<Uint8Array>) => {
    for await (const chunk of chunks) {
      written += chunk.length;
      writer.countBytes(chunk.length);
      if (written > RATIO_FLOOR_BYTES && written > writer.limits.ratio * Math.max(1, source.bytesRead)) {
        throw new ArchiveError(`it unpacks to more than ${writer.limits.ratio} times its size`);
      }
      sink.write(chunk);
    }
  };
  try {
    if (compressed) await pipeline(source, createGunzip(), take);
    else await pipeline(source, take);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    throw code.startsWith("Z_") ? new ArchiveError("it is not valid gzip", { cause: error }) : error;
  }
  await sink.close();
}
