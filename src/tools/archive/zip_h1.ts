import { createHash } from "node:crypto";
import { openPromise } from "yauzl";
import { ArchiveError } from "./archive_error.ts";
import { ARCHIVE_LIMITS } from "./limits.ts";

/**
 * The hash that Go's checksum database records for a module's zip: of the sorted list of its files' names
 * and hashes, so that it does not depend on how they are compressed.
 * @throws {ArchiveError} when it is no zip, or beyond the limits of archives
 */
export async function zipH1(file: string, limits = ARCHIVE_LIMITS): Promise<string> {
  const zip = await openPromise(file, { lazyEntries: true, autoClose: false, strictFileNames: true })
    .catch((cause) => {
      throw new ArchiveError("it is not a valid zip", { cause });
    });
  try {
    if (zip.entryCount > limits.entries) {
      throw new ArchiveError(`it has more than ${limits.entries} entries`);
    }
    const lines: string[] = [];
    let bytes = 0;
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.endsWith("/")) continue;
      if (entry.fileName.includes("\n")) {
        throw new ArchiveError("has a line break in its name", { entry: entry.fileName });
      }
      const hash = createHash("sha256");
      const stream = await zip.openReadStreamPromise(entry);
      for await (const chunk of stream as AsyncIterable<Uint8Array>) {
        bytes += chunk.length;
        if (bytes > limits.bytes) throw new ArchiveError(`it unpacks to more than ${limits.bytes} bytes`);
        hash.update(chunk);
      }
      lines.push(`${hash.digest("hex")}  ${entry.fileName}\n`);
    }
    lines.sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1));
    return `h1:${createHash("sha256").update(lines.join("")).digest("base64")}`;
  } finally {
    zip.close();
  }
}
