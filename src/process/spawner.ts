import type { StdioOptions } from "node:child_process";
import { closeSync } from "node:fs";
import { requireDescriptors } from "./descriptors.ts";
import type { Exit } from "./exit.ts";
import type { ProcessIdentity, ProcessTable } from "./process_table.ts";
import { openOutput, spawnDetached } from "./spawn_detached.ts";

export interface SpawnSpec {
  /** Absolute path. */
  file: string;
  args: readonly string[];
  /** The last argument is already quoted for Windows' command processor. */
  verbatim?: boolean;
  cwd: string;
  env: Readonly<Record<string, string>>;
  /** Files that the process appends to. */
  stdout: string;
  stderr: string;
  uid: number | undefined;
  gid: number | undefined;
}

export interface SpawnedProcess {
  identity: ProcessIdentity;
  /** Resolves when the process itself has ended; others of its group may live on. */
  exited: Promise<Exit>;
}

/** The seam at which processes are made. */
export interface Spawner {
  /** @throws {HaftError} naming the path, when it cannot be started */
  spawn(spec: SpawnSpec): Promise<SpawnedProcess>;
}

/**
 * Starts processes in a session of their own, with files for output and nothing for input, that outlive this
 * one.
 */
export function systemSpawner(table: ProcessTable): Spawner {
  let running = 0;
  return {
    async spawn(spec) {
      requireDescriptors(spec.file, (running + 1) * LOGS);
      const spawned = await spawnApp(spec, table);
      running++;
      void spawned.exited.then(() => running--);
      return spawned;
    },
  };
}

/** Files of each process that are read; they are opened some time after its start. */
const LOGS = 2;

async function spawnApp(spec: SpawnSpec, table: ProcessTable): Promise<SpawnedProcess> {
  const stdout = openOutput(spec.stdout);
  try {
    const stderr = openOutput(spec.stderr);
    try {
      const options = { ...spec, stdio: ["ignore", stdout, stderr] satisfies StdioOptions };
      const { child, identity, exited } = await spawnDetached(options, table);
      child.unref();
      return { identity, exited };
    } finally {
      closeSync(stderr);
    }
  } finally {
    closeSync(stdout);
  }
}
