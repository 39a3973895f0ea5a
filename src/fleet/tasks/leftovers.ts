/**
 * The tasks of the queue that this host's daemon runs. A daemon that was killed leaves its commands running;
 * the queue gives their tasks to another host, so that the next daemon stops them first.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readTextFile } from "../../base/read_text_file.ts";
import { writeAtomic } from "../../base/write_atomic.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";

export class Leftovers {
  readonly #path: string;
  readonly #daemon: () => Promise<DaemonClient>;
  readonly #ids = new Set<string>();
  #stopping: Promise<void> | undefined;

  constructor(stateDirectory: string, daemon: () => Promise<DaemonClient>) {
    this.#path = join(stateDirectory, "fleet-tasks");
    this.#daemon = daemon;
  }

  /** Stops what a former life of the daemon left; once. */
  async stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    try {
      await this.#stopping;
    } catch (error) {
      this.#stopping = undefined;
      throw error;
    }
  }

  async #stop(): Promise<void> {
    if (existsSync(this.#path)) {
      const daemon = await this.#daemon();
      for (const id of readTextFile(this.#path).split("\n").filter((line) => line !== "")) {
        await daemon.request("task.cancel", { id }).catch(() => {});
      }
      writeAtomic(this.#path, "");
    }
  }

  add(id: string): void {
    this.#ids.add(id);
    this.#write();
  }

  remove(id: string): void {
    this.#ids.delete(id);
    this.#write();
  }

  #write(): void {
    writeAtomic(this.#path, [...this.#ids].map((id) => `${id}\n`).join(""));
  }
}
