/**
 * What a task has made, as one archive: packed on its host, unpacked where its sender wants it. Nothing goes
 * in that lies outside of the task's directory, and nothing comes out of the one that it is unpacked into.
 */
import { createHash } from "node:crypto";
import {
  createReadStream,
  createWriteStream,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname, isAbsolute, join, normalize, relative, resolve, sep } from "node:path";
import { Readable, Transform, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { createTarPacker } from "modern-tar";
import { HaftError } from "../../base/errors.ts";
import { ARCHIVE_LIMITS } from "../../tools/archive/limits.ts";
import { TarGzExtractor } from "../../tools/archive/tar_gz.ts";
import { TreeWriter } from "../../tools/archive/tree_writer.ts";

/** Of one task: what CI keeps as artifacts, and no more. */
export const OUTPUT_LIMITS: { bytes: number; files: number } = { bytes: 1024 ** 3, files: 20_000 };

export interface Packed {
  sha256: string;
  /** Of the archive. */
  bytes: number;
  files: number;
}

interface Output {
  name: string;
  path: string;
  size: number;
  executable: boolean;
  /** Where a link leads. */
  target: string | undefined;
}

/**
 * Packs files into an archive at `target`.
 *
 * @param files paths below the directory
 * @throws {HaftError} for a path or link that leads out of the directory, and for more than the limits allow
 */
export async function packOutputs(
  { directory, files }: { directory: string; files: readonly string[] },
  target: string,
  { signal, limits = OUTPUT_LIMITS }: { signal: AbortSignal; limits?: typeof OUTPUT_LIMITS },
): Promise<Packed> {
  if (files.length > limits.files) {
    throw new HaftError(`The task has ${files.length} outputs, and at most ${limits.files} are kept`);
  }
  const root = realpathSync(directory);
  const outputs = files.map((file) => outputOf(file, root));
  const size = outputs.reduce((sum, output) => sum + output.size, 0);
  if (size > limits.bytes) {
    throw new HaftError(`The task's outputs have ${size} bytes, and at most ${limits.bytes} are kept`);
  }
  const { readable, controller } = createTarPacker();
  const packing = (async () => {
    for (const output of outputs) await add(output, controller);
    controller.finalize();
  })();
  packing.catch((error) => controller.error(error));
  const hash = createHash("sha256");
  let bytes = 0;
  const count = new Transform({
    transform(chunk: Uint8Array, _, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  await pipeline(
    Readable.fromWeb(readable),
    createGzip({ level: 1 }),
    count,
    createWriteStream(target, { mode: 0o600 }),
    { signal },
  );
  await packing;
  return { sha256: hash.digest("hex"), bytes, files: files.length };
}

/** @throws {HaftError} when it is no file of the directory */
function outputOf(file: string, root: string): Output {
  const name = normalize(file).split(sep).join("/");
  const path = join(root, name);
  if (
    isAbsolute(file) || !isBelow(path, root) || !isBelow(realpathSync(dirname(path)), root, { itself: true })
  ) {
    throw new HaftError(`The output "${file}" lies outside of the task's directory`);
  }
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) {
    const target = readlinkSync(path);
    if (isAbsolute(target) || !isBelow(resolve(dirname(path), target), root)) {
      throw new HaftError(`The output "${file}" is a link out of the task's directory`);
    }
    return { name, path, size: 0, executable: false, target };
  }
  if (!stat.isFile()) throw new HaftError(`The output "${file}" is no file`);
  return { name, path, size: stat.size, executable: (stat.mode & 0o111) !== 0, target: undefined };
}

function isBelow(path: string, root: string, { itself = false }: { itself?: boolean } = {}): boolean {
  const way = relative(root, path);
  if (way === "") return itself;
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

async function add(
  { name, path, size, executable, target }: Output,
  controller: ReturnType<typeof createTarPacker>["controller"],
): Promise<void> {
  if (target !== undefined) {
    await controller.add({ name, size: 0, type: "symlink", linkname: target }).close();
    return;
  }
  const entry = controller.add({ name, size, type: "file", mode: executable ? 0o755 : 0o644 });
  if (size === 0) return await entry.close();
  await pipeline(createReadStream(path, { end: size - 1 }), Writable.fromWeb(entry));
}

/**
 * Unpacks an archive into a directory, over files of the same names, when all of it is what its hash says.
 *
 * @throws {HaftError} for a wrong hash, and where a file would go through a link
 */
export async function unpackOutputs(
  archive: AsyncIterable<Uint8Array>,
  directory: string,
  { sha256 }: { sha256: string },
): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const staged = mkdtempSync(join(directory, ".haft-outputs-"));
  try {
    const writer = new TreeWriter(staged, {
      limits: { ...ARCHIVE_LIMITS, bytes: OUTPUT_LIMITS.bytes * 2, entries: OUTPUT_LIMITS.files * 4 },
    });
    const extractor = new TarGzExtractor(writer, { strip: 0, into: "" });
    const hash = createHash("sha256");
    try {
      for await (const chunk of archive) {
        hash.update(chunk);
        await extractor.write(chunk);
      }
      await extractor.end();
    } catch (error) {
      await extractor.abort();
      throw error;
    }
    await writer.finish();
    if (hash.digest("hex") !== sha256) {
      throw new HaftError("The fleet's copy of the outputs is not what the host stored", {
        next: "Run the task again",
      });
    }
    moveInto(staged, directory);
  } finally {
    rmSync(staged, { recursive: true, force: true });
  }
}

/** Puts each file in its place; a directory there is kept, a link in the place of one is refused. */
function moveInto(from: string, to: string): void {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (!entry.isDirectory()) {
      renameSync(source, target);
      continue;
    }
    const there = lstatSync(target, { throwIfNoEntry: false });
    if (there === undefined) mkdirSync(target);
    else if (!there.isDirectory()) {
      throw new HaftError(`"${target}" is ${there.isSymbolicLink() ? "a link" : "a file"}, not a directory`, {
        next: "Choose another directory for --outputs",
      });
    }
    moveInto(source, target);
  }
}
