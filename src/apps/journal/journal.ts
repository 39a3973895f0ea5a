import { lstatSync, readdirSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { errorMessage } from "../../base/errors.ts";
import { makePrivateDirectory } from "../../base/private_directory.ts";
import { readOrSetAside, setAside } from "../../base/set_aside.ts";
import { writeAtomic } from "../../base/write_atomic.ts";
import { fileStem, type ProcessKey } from "../../process/process_key.ts";
import { AppRecord } from "./app_record.ts";

/** One file for each app, replaced in one step at every change. */
export class Journal {
  readonly directory: string;
  /** Files that must outlive a power cut and may not be on the disk yet. */
  readonly #unsynced = new Set<string>();
  #syncing: Promise<unknown> = Promise.resolve();

  constructor(directory: string) {
    this.directory = directory;
    makePrivateDirectory(directory);
  }

  /**
   * @param durable must outlive a power cut once {@link synced} resolves: what is wanted. Pids need not,
   * since they mean nothing after it, and syncing them would make each start wait for the disk
   */
  write(record: AppRecord, { durable }: { durable: boolean }): void {
    const path = this.#path(record);
    if (durable) this.#unsynced.add(path);
    const write = () => writeAtomic(path, JSON.stringify(record), { mode: 0o600, durable: false });
    try {
      write();
    } catch (error) {
      // The directory is gone or closed, or something that no file replaces lies in the file's place.
      makePrivateDirectory(this.directory);
      const isBlocked = lstatSync(path, { throwIfNoEntry: false })?.isFile() === false;
      if (isBlocked && setAside(path) === undefined) throw error;
      write();
    }
  }

  /** Resolves when what was written so is on the disk: apps that change together wait for it together. */
  async synced(): Promise<void> {
    const paths = [...this.#unsynced];
    this.#unsynced.clear();
    this.#syncing = Promise.all([this.#syncing, ...paths.map(sync)]);
    await this.#syncing;
  }

  remove(key: ProcessKey): void {
    rmSync(this.#path(key), { force: true, recursive: true });
  }

  /**
   * Reads every app. A damaged file is set aside, so that the other apps are adopted.
   *
   * @param onProblem gets what cannot be read
   */
  readAll(onProblem: (text: string) => void): AppRecord[] {
    return readdirSync(this.directory).sort().flatMap((name) => {
      if (!name.endsWith(".json")) return [];
      try {
        const record = readOrSetAside(
          join(this.directory, name),
          (text) => v.parse(AppRecord, JSON.parse(text)),
        );
        return record ?? [];
      } catch (error) {
        onProblem(`an app's record cannot be read: ${errorMessage(error)}`);
        return [];
      }
    });
  }

  #path(key: ProcessKey): string {
    return join(this.directory, `${fileStem(key)}.json`);
  }
}

async function sync(path: string): Promise<void> {
  try {
    await using file = await open(path);
    await file.sync();
  } catch {
    // It was removed meanwhile, or the disk fails: then the next write says so.
  }
}
