import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { errorCode, errorMessage, HaftError } from "../base/errors.ts";
import type { Exit } from "./exit.ts";
import { requireDescriptors } from "./descriptors.ts";
import type { ProcessIdentity, ProcessTable } from "./process_table.ts";

export interface SpawnSpec {
  /** Absolute path. */
  file: string;
  args: readonly string[];
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

/** Starts processes in a session of their own, with files for output and nothing for input, that outlive this one. */
export function systemSpawner(table: ProcessTable): Spawner {
  let running = 0;
  return {
    async spawn(spec) {
      requireDescriptors(spec.file, (running + 1) * LOGS);
      const spawned = await spawnDetached(spec, table);
      running++;
      void spawned.exited.then(() => running--);
      return spawned;
    },
  };
}

/** Files of each process that are read; they are opened some time after its start. */
const LOGS = 2;

function spawnDetached(spec: SpawnSpec, table: ProcessTable): Promise<SpawnedProcess> {
  const stdout = openLog(spec.stdout);
  try {
    const stderr = openLog(spec.stderr);
    try {
      return begin(spec, table, [stdout, stderr]);
    } finally {
      closeSync(stderr);
    }
  } finally {
    closeSync(stdout);
  }
}

function begin(
  spec: SpawnSpec,
  table: ProcessTable,
  [stdout, stderr]: [number, number],
): Promise<SpawnedProcess> {
  return new Promise((resolve, reject) => {
    const child = spawn(spec.file, spec.args, {
      cwd: spec.cwd,
      env: { ...spec.env },
      detached: true,
      stdio: ["ignore", stdout, stderr],
      windowsHide: true,
      ...(spec.uid === undefined ? {} : { uid: spec.uid }),
      ...(spec.gid === undefined ? {} : { gid: spec.gid }),
    });
    child.once("error", (error) => {
      reject(
        new HaftError(`Cannot run "${spec.file}": ${errorCode(error) ?? errorMessage(error)}`, {
          next: "Look whether it, and the interpreter that its first line names, can be run by this user",
          cause: error,
        }),
      );
    });
    const { pid } = child;
    if (pid === undefined) return;
    const exited = new Promise<Exit>((ended) =>
      child.once("exit", (code, signal) => ended({ code, signal }))
    );
    child.unref();
    // One that has ended already may be out of the table: it is then never signalled, and its end is on the way.
    resolve({
      identity: { pid, startTime: table.find(pid)?.startTime ?? "", bootId: table.bootId() },
      exited,
    });
  });
}

/** O_APPEND: whatever happens to the file's length, each write goes to its end. */
function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return openSync(path, "a", 0o600);
}
