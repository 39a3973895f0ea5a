/**
 * How a task that runs in front of a terminal becomes known to the daemon: a file for each, written when it
 * starts and when it ends. A daemon that runs sees the files come, and one that starts later finds them.
 */
import { existsSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makePrivateDirectory } from "../../base/private_directory.ts";
import type { ProcessIdentity } from "../../process/process_table.ts";
import type { TaskMessage } from "../../protocol/methods/task_methods.ts";
import type { StoredTask } from "../history.ts";
import { readTextFile } from "../../base/read_text_file.ts";

export interface FrontFile {
  version: 1;
  task: StoredTask;
  /** The haft that runs it. */
  front: ProcessIdentity;
  /** What the command said, oldest first; the newest are kept. */
  messages: Omit<TaskMessage, "seq">[];
}

/** Files that no daemon has read yet; the oldest go first. */
const MOST_FILES = 1_000;

export function frontDirectory(tasks: string): string {
  return join(tasks, "front");
}

/** Says that a front's task was cancelled by the daemon, and not by its own end. */
function cancelPath(directory: string, id: string): string {
  return join(directory, `${id}.cancelled`);
}

export function writeFront(directory: string, file: FrontFile): void {
  const { id } = file.task.info;
  const staged = join(directory, `.${id}`);
  try {
    writeFileSync(staged, JSON.stringify(file), { mode: 0o600 });
  } catch {
    makePrivateDirectory(directory);
    writeFileSync(staged, JSON.stringify(file), { mode: 0o600 });
  }
  renameSync(staged, join(directory, `${id}.json`));
  // One look in 256 is enough to bound what piles up where no daemon ever runs.
  if (id.startsWith("00")) removeOldest(directory);
}

/** @returns undefined for a file that is gone, or not one of these */
export function readFront(directory: string, id: string): FrontFile | undefined {
  try {
    const file = JSON.parse(readTextFile(join(directory, `${id}.json`)));
    return file.version === 1 && file.task?.info?.id === id ? file : undefined;
  } catch {
    return undefined;
  }
}

/** The ids of all files there are. */
export function listFronts(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory).flatMap((name) => /^([0-9a-f]{12})\.json$/.exec(name)?.[1] ?? []);
}

export function removeFront(directory: string, id: string): void {
  rmSync(join(directory, `${id}.json`), { force: true });
  rmSync(cancelPath(directory, id), { force: true });
}

export function markCancelled(directory: string, id: string): void {
  writeFileSync(cancelPath(directory, id), "", { mode: 0o600 });
}

export function wasCancelled(directory: string, id: string): boolean {
  return existsSync(cancelPath(directory, id));
}

function removeOldest(directory: string): void {
  const byAge = listFronts(directory)
    .map((id) => ({
      id,
      at: statSync(join(directory, `${id}.json`), { throwIfNoEntry: false })?.mtimeMs ?? 0,
    }))
    .sort((a, b) => b.at - a.at);
  for (const { id } of byAge.slice(MOST_FILES)) removeFront(directory, id);
}
