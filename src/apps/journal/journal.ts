import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { writeAtomic } from "../../base/write_atomic.ts";
import { fileStem, type ProcessKey } from "../../process/process_key.ts";
import { AppRecord } from "./app_record.ts";

/** One file for each app, replaced in one step at every change. */
export class Journal {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  /**
   * @param durable must outlive a power cut: what is wanted. Pids need not, since they mean nothing after it,
   * and syncing them would make each start wait for the disk
   */
  write(record: AppRecord, { durable }: { durable: boolean }): void {
    writeAtomic(this.#path(record), JSON.stringify(record), { mode: 0o600, durable });
  }

  remove(key: ProcessKey): void {
    rmSync(this.#path(key), { force: true });
  }

  /**
   * Every app. A file that is damaged is put aside, so that one does not keep all the others from being
   * adopted.
   */
  readAll(): { records: AppRecord[]; damaged: string[] } {
    const records: AppRecord[] = [];
    const damaged: string[] = [];
    for (const name of readdirSync(this.#directory).sort()) {
      if (!name.endsWith(".json")) continue;
      const path = join(this.#directory, name);
      try {
        records.push(v.parse(AppRecord, JSON.parse(readFileSync(path, "utf8"))));
      } catch {
        renameSync(path, `${path}.damaged`);
        damaged.push(`${path}.damaged`);
      }
    }
    return { records, damaged };
  }

  #path(key: ProcessKey): string {
    return join(this.#directory, `${fileStem(key)}.json`);
  }
}
