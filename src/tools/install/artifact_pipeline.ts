import { ArchiveError } from "../archive/archive_error.ts";
import { TarGzExtractor } from "../archive/tar_gz.ts";
import type { TreeWriter } from "../archive/tree_writer.ts";
import type { PlannedArtifact } from "../../protocol/artifact.ts";
import { download, type DownloadOptions, RestartDownload } from "./download.ts";
import { integrityCheck } from "./integrity_check.ts";
import type { PartFile } from "./part_file.ts";

/**
 * One pass over an artifact: download, hash, unpack into the writer's tree, all while it streams. Nothing
 * that comes before the hash is right counts: the tree is only staged, and the caller throws it away on any
 * error.
 *
 * @throws {IntegrityError} a wrong hash, also when the damage made unpacking fail first.
 * @throws {RestartDownload} when the tree must be begun again.
 */
export async function unpackArtifact(
  planned: PlannedArtifact,
  { part, writer, source }: { part: PartFile; writer: TreeWriter; source: DownloadOptions },
): Promise<void> {
  const check = integrityCheck(planned.artifact.integrity, { url: source.url, path: part.path });
  const { sink, abort } = await openSink(planned, { part, writer });
  let refusal: ArchiveError | undefined;
  try {
    for await (const chunk of download(part, source)) {
      check.update(chunk);
      if (refusal !== undefined) continue;
      try {
        await sink.write(chunk);
      } catch (error) {
        if (!(error instanceof ArchiveError)) throw error;
        // An archive that is refused may be a damaged download, and that is the better message: go on to the
        // hash, unless the body's length is unknown.
        if (part.source?.total === null) throw new RestartDownload(error.message, { cause: error });
        refusal = error;
      }
    }
    await check.verify(source.url);
    if (refusal !== undefined) throw refusal;
    await sink.end();
  } catch (error) {
    await abort();
    throw error;
  }
}

interface Sink {
  write(chunk: Uint8Array): Promise<void>;
  end(): Promise<void>;
}

/** A tar unpacks as it arrives. A zip has its table of contents at the end: it unpacks from the part file. */
async function openSink(
  planned: PlannedArtifact,
  { part, writer }: { part: PartFile; writer: TreeWriter },
): Promise<{ sink: Sink; abort: () => Promise<void> }> {
  const { format } = planned;
  if (format !== "zip" && format !== "file" && format !== "gz") {
    const extractor = new TarGzExtractor(writer, planned, format);
    return { sink: extractor, abort: () => extractor.abort() };
  }
  if (format === "file" || format === "gz") {
    const { writeSingleFile } = await import("../archive/single_file.ts");
    const path = planned.file ?? "program";
    const end = () => writeSingleFile(part.path, { writer, path, compressed: format === "gz" });
    return { sink: { write: async () => {}, end }, abort: () => writer.settle() };
  }
  const { extractZip } = await import("../archive/zip.ts");
  return {
    sink: { write: async () => {}, end: () => extractZip(part.path, { writer, placement: planned }) },
    abort: () => writer.settle(),
  };
}
