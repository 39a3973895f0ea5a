import {
  chmodSync,
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
import { createSha256, type Sha256 } from "../../runtime/bun_sha256.ts";
import { startWriteBack } from "../../runtime/write_back.ts";
import { WorkPool } from "../../base/work_pool.ts";
import { ArchiveError } from "./archive_error.ts";
import { entryPath } from "./entry_path.ts";
import { type EntryKind, EntryTable } from "./entry_table.ts";
import { FileHashes } from "./file_hashes.ts";
import { ARCHIVE_LIMITS, type ArchiveLimits } from "./limits.ts";
import { checkLinkTarget, followLink } from "./link_target.ts";

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
export const MAX_SYNCING = 32;

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
  readonly files = new FileHashes();
  readonly #platform: string;
  readonly #limits: Readonly<ArchiveLimits>;
  readonly #table = new EntryTable();
  readonly #symlinks = new Map<string, string>();
  readonly #hardlinks = new Map<string, string>();
  readonly #directories: string[] = [];
  readonly #sha256 = createSha256();
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
    for (const name of options.reserved ?? []) this.#table.claim(name, "file");
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
    this.#claim(components.join("/"), "directory");
  }

  file(components: readonly string[], options: { executable: boolean }): FileSink {
    const path = components.join("/");
    this.#claim(path, "file");
    const mode = options.executable ? 0o755 : 0o644;
    const fd = openSync(this.#absolute(path), "wx", mode);
    this.#open = fd;
    if (this.#masked) fchmodSync(fd, mode);
    return new OpenFile(fd, { sha256: this.#sha256, close: this.#closeFile, path });
  }

  symlink(components: readonly string[], target: string): void {
    const path = components.join("/");
    checkLinkTarget(path, target);
    this.#claim(path, "symlink");
    this.#symlinks.set(path, target);
  }

  /** @param target the path below the root of a file that the archive also holds. */
  hardlink(components: readonly string[], target: readonly string[]): void {
    const path = components.join("/");
    this.#claim(path, "hardlink");
    this.#hardlinks.set(path, target.join("/"));
  }

  /** Makes the links, then waits until all of it is on the disk. */
  async finish(): Promise<FileHashes> {
    this.#makeHardlinks();
    this.#makeSymlinks();
    if (this.#platform !== "win32") await this.#syncDirectories();
    await this.settle();
    await this.#syncing.finish();
    return this.files;
  }

  /** Closes what is open and waits for the disk; to be called before an unfinished tree is removed. */
  async settle(): Promise<void> {
    if (this.#open !== undefined) closeSync(this.#open);
    this.#open = undefined;
    await this.#syncing.settle();
  }

  /** Beside the last files: the disk answers many at once in the time of one. */
  async #syncDirectories(): Promise<void> {
    for (const path of [...this.#directories.map((directory) => this.#absolute(directory)), this.root]) {
      this.#syncing.start(() => syncAndClose(openSync(path, constants.O_RDONLY)));
      await this.#syncing.room();
    }
  }

  #absolute(path: string): string {
    return `${this.root}/${path}`;
  }

  #claim(path: string, kind: EntryKind): void {
    for (const directory of this.#table.claim(path, kind)) this.#makeDirectory(directory);
  }

  #makeDirectory(path: string): void {
    mkdirSync(this.#absolute(path), { mode: 0o755 });
    if (this.#masked) chmodSync(this.#absolute(path), 0o755);
    this.#directories.push(path);
  }

  readonly #closeFile = async (fd: number, path: string): Promise<void> => {
    this.#open = undefined;
    this.files.add(path, this.#sha256.digest());
    this.#onFile?.();
    try {
      this.#syncing.start(() => syncAndClose(fd));
    } catch (error) {
      // An earlier file failed: this one was not begun.
      closeSync(fd);
      throw error;
    }
    await this.#syncing.room();
  };

  #makeHardlinks(): void {
    if (this.#hardlinks.size === 0) return;
    const places = new Map(this.files.paths.map((path, index) => [path, index]));
    for (const [path, target] of this.#hardlinks) {
      const place = places.get(target);
      if (this.#table.kindOf(target) !== "file" || place === undefined) {
        throw new ArchiveError(
          `is a hard link to ${JSON.stringify(target)}, which is not a file of the archive`,
          {
            entry: path,
          },
        );
      }
      linkSync(this.#absolute(target), this.#absolute(path));
      this.files.add(path, this.files.sha256(place));
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

class OpenFile implements FileSink {
  readonly #fd: number;
  readonly #path: string;
  readonly #sha256: Sha256;
  readonly #close: (fd: number, path: string) => Promise<void>;
  #written = 0;
  /** Up to where the disk has begun. */
  #begun = 0;

  constructor(fd: number, { sha256, close, path }: {
    sha256: Sha256;
    close: (fd: number, path: string) => Promise<void>;
    path: string;
  }) {
    this.#fd = fd;
    this.#path = path;
    this.#sha256 = sha256;
    this.#close = close;
  }

  write(bytes: Uint8Array): void {
    writeFully(this.#fd, bytes);
    this.#sha256.update(bytes);
    this.#written += bytes.length;
    const fresh = this.#written - this.#begun;
    if (fresh < WRITE_BACK) return;
    startWriteBack(this.#fd, this.#begun, fresh);
    this.#begun = this.#written;
  }

  close(): Promise<void> {
    return this.#close(this.#fd, this.#path);
  }
}

/** Writes all of it: a nearly full disk, or a signal, makes a write short. */
export function writeFully(fd: number, bytes: Uint8Array): void {
  let offset = bytes.length === 0 ? 0 : writeSync(fd, bytes);
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

/** In a thread: the disk takes its time. What is on the disk closes at once. */
export function syncAndClose(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fsync(fd, (error) => {
      try {
        closeSync(fd);
      } catch (closeError) {
        error ??= closeError as NodeJS.ErrnoException;
      }
      if (error) reject(error);
      else resolve();
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
