import { createHash, type Hash } from "node:crypto";
import {
  chmodSync,
  close,
  closeSync,
  constants,
  fchmodSync,
  fsync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  realpathSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { join, sep } from "node:path";
import process from "node:process";
import { startWriteBack } from "../../runtime/write_back.ts";
import { WorkPool } from "../../base/work_pool.ts";
import { ArchiveError } from "./archive_error.ts";
import { entryPath } from "./entry_path.ts";
import { EntryTable } from "./entry_table.ts";
import { ARCHIVE_LIMITS, type ArchiveLimits } from "./limits.ts";
import { checkLinkTarget, followLink } from "./link_target.ts";

/** A regular file that was written, as `files.sha256` lists it. */
export interface WrittenFile {
  /** Below the root, with `/`. */
  path: string;
  /** Hex. */
  sha256: string;
}

export interface TreeWriterOptions {
  /** `process.platform`, unless a test says otherwise. */
  platform?: string;
  limits?: Readonly<ArchiveLimits>;
  /** Names directly below the root that no archive may use (haft's own directory). */
  reserved?: readonly string[];
  /** Tells which paths below the root are passed over. */
  excluded?: ((components: readonly string[]) => boolean) | undefined;
  /** After each file. */
  onFile?: () => void;
}

/** Receives one file's bytes. */
export interface FileSink {
  write(bytes: Uint8Array): void;
  /** Resolves at once unless too many files wait for the disk. */
  close(): Promise<void>;
}

/**
 * Files that may wait for the disk at a time: enough to fill its queue, far below any limit on open files.
 */
const MAX_SYNCING = 32;

/** Bytes of a file after which the disk begins with them, instead of with all of it at its end. */
const WRITE_BACK = 16 * 2 ** 20;

/**
 * Writes what archives hold below a directory that it alone uses, and never outside. Files are made with `wx`
 * after their path was entered in a table; links are kept until all files are there, so that nothing is ever
 * written through one.
 *
 * Writes are synchronous (half the time of asynchronous ones, for one large file and for thousands of small
 * ones); only fsync, which waits for the disk, runs beside the extraction.
 */
export class TreeWriter {
  readonly root: string;
  readonly files: WrittenFile[] = [];
  readonly #platform: string;
  readonly #limits: Readonly<ArchiveLimits>;
  readonly #table = new EntryTable();
  readonly #symlinks = new Map<string, string>();
  readonly #hardlinks = new Map<string, string>();
  readonly #directories: string[] = [];
  readonly #hashes = new Map<string, string>();
  readonly #syncing = new WorkPool(MAX_SYNCING);
  /** Whether the process's umask would take something from 0755 and 0644. */
  readonly #masked = (process.umask() & 0o755) !== 0;
  readonly #excluded: TreeWriterOptions["excluded"];
  readonly #onFile: (() => void) | undefined;
  /** The file being written; there is one at a time. */
  #open: number | undefined;
  #entries = 0;
  #bytes = 0;

  /** @param root an existing, empty directory. */
  constructor(root: string, options: TreeWriterOptions = {}) {
    this.root = root;
    this.#platform = options.platform ?? process.platform;
    this.#limits = options.limits ?? ARCHIVE_LIMITS;
    this.#excluded = options.excluded;
    this.#onFile = options.onFile;
    for (const name of options.reserved ?? []) this.#table.claim([name], "file");
  }

  get limits(): Readonly<ArchiveLimits> {
    return this.#limits;
  }

  /** Counts an entry of any kind, whether it is written or not. */
  countEntry(): void {
    if (++this.#entries > this.#limits.entries) {
      throw new ArchiveError(`it has more than ${this.#limits.entries} entries`);
    }
  }

  /** Counts decompressed bytes, whether they are written or not. */
  countBytes(count: number): void {
    this.#bytes += count;
    if (this.#bytes > this.#limits.bytes) {
      throw new ArchiveError(`it unpacks to more than ${this.#limits.bytes} bytes`);
    }
  }

  /**
   * The path below the root for an entry's name, or undefined when stripping leaves nothing of it, or
   * it is excluded.
   * @throws {ArchiveError}
   */
  place(name: string, options: { strip: number; into: string }): string[] | undefined {
    const components = entryPath(name, { platform: this.#platform, limits: this.#limits });
    if (components.length <= options.strip) return undefined;
    const base = options.into === "" ? [] : options.into.split("/");
    const placed = [...base, ...components.slice(options.strip)];
    return this.#excluded?.(placed) ? undefined : placed;
  }

  directory(components: readonly string[]): void {
    for (const directory of this.#table.claim(components, "directory")) this.#makeDirectory(directory);
  }

  file(components: readonly string[], options: { executable: boolean }): FileSink {
    for (const directory of this.#table.claim(components, "file")) this.#makeDirectory(directory);
    const path = components.join("/");
    const mode = options.executable ? 0o755 : 0o644;
    const fd = openSync(this.#absolute(path), "wx", mode);
    this.#open = fd;
    if (this.#masked) fchmodSync(fd, mode);
    const hash = createHash("sha256");
    let written = 0;
    let begun = 0;
    return {
      write: (bytes) => {
        writeFully(fd, bytes);
        hash.update(bytes);
        written += bytes.length;
        if (written - begun < WRITE_BACK) return;
        startWriteBack(fd, begun, written - begun);
        begun = written;
      },
      close: () => this.#finishFile(fd, path, hash),
    };
  }

  symlink(components: readonly string[], target: string): void {
    const path = components.join("/");
    checkLinkTarget(path, target);
    for (const directory of this.#table.claim(components, "symlink")) this.#makeDirectory(directory);
    this.#symlinks.set(path, target);
  }

  /** @param target the path below the root of a file that the archive also holds. */
  hardlink(components: readonly string[], target: readonly string[]): void {
    for (const directory of this.#table.claim(components, "hardlink")) this.#makeDirectory(directory);
    this.#hardlinks.set(components.join("/"), target.join("/"));
  }

  /** Makes the links, then waits until all of it is on the disk. */
  async finish(): Promise<WrittenFile[]> {
    this.#makeHardlinks();
    this.#makeSymlinks();
    await this.settle();
    await this.#syncing.finish();
    if (this.#platform !== "win32") await this.#syncDirectories();
    return this.files;
  }

  /** Closes what is open and waits for the disk; to be called before an unfinished tree is removed. */
  async settle(): Promise<void> {
    if (this.#open !== undefined) closeSync(this.#open);
    this.#open = undefined;
    await this.#syncing.settle();
  }

  /** Side by side: the disk answers many at once in the time of one. */
  async #syncDirectories(): Promise<void> {
    for (const path of [...this.#directories.map((directory) => this.#absolute(directory)), this.root]) {
      this.#syncing.start(() => syncAndClose(openSync(path, constants.O_RDONLY)));
      await this.#syncing.room();
    }
    await this.#syncing.finish();
  }

  #absolute(path: string): string {
    return `${this.root}/${path}`;
  }

  #makeDirectory(path: string): void {
    mkdirSync(this.#absolute(path), { mode: 0o755 });
    if (this.#masked) chmodSync(this.#absolute(path), 0o755);
    this.#directories.push(path);
  }

  async #finishFile(fd: number, path: string, hash: Hash): Promise<void> {
    this.#open = undefined;
    const sha256 = hash.digest("hex");
    this.#hashes.set(path, sha256);
    this.files.push({ path, sha256 });
    this.#onFile?.();
    try {
      this.#syncing.start(() => syncAndClose(fd));
    } catch (error) {
      // An earlier file failed: this one was not begun.
      closeSync(fd);
      throw error;
    }
    await this.#syncing.room();
  }

  #makeHardlinks(): void {
    for (const [path, target] of this.#hardlinks) {
      const sha256 = this.#hashes.get(target);
      if (this.#table.kindOf(target) !== "file" || sha256 === undefined) {
        throw new ArchiveError(
          `is a hard link to ${JSON.stringify(target)}, which is not a file of the archive`,
          {
            entry: path,
          },
        );
      }
      linkSync(this.#absolute(target), this.#absolute(path));
      this.files.push({ path, sha256 });
    }
  }

  #makeSymlinks(): void {
    const root = realpathSync(this.root);
    const targets = new Map(
      [...this.#symlinks.keys()].map((path) => [path, followLink(path, this.#symlinks)]),
    );
    for (const [path, target] of this.#symlinks) {
      const kind = this.#table.kindOf(targets.get(path) ?? "") === "directory" ? "dir" : "file";
      symlinkSync(target, this.#absolute(path), kind);
    }
    for (const path of this.#symlinks.keys()) {
      const real = realpathOrUndefined(this.#absolute(path));
      if (real !== undefined && real !== root && !real.startsWith(join(root, sep))) {
        throw new ArchiveError("is a link that leaves the directory", { entry: path });
      }
    }
  }
}

/** Writes all of it: a nearly full disk, or a signal, makes a write short. */
export function writeFully(fd: number, bytes: Uint8Array): void {
  let offset = 0;
  while (offset < bytes.length) offset += writeSync(fd, bytes, offset, bytes.length - offset);
}

export function syncDirectory(path: string): void {
  const fd = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function syncAndClose(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fsync(fd, (syncError) => {
      close(fd, (closeError) => {
        const error = syncError ?? closeError;
        if (error) reject(error);
        else resolve();
      });
    });
  });
}

function realpathOrUndefined(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    // The target does not exist; followLink has shown that it would be inside.
    return undefined;
  }
}
