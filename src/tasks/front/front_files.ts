/**
 * How tasks that run in front of a terminal become known to the daemon: each `haft run` appends to a file
 * what happens to its tasks, a line at a time. A daemon that runs sees the files grow, and one that starts
 * later finds them.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { makePrivateDirectory } from "../../base/private_directory.ts";
import { randomId } from "../../base/random_id.ts";
import type { ProcessIdentity } from "../../process/process_table.ts";
import type { TaskMessage } from "../../protocol/methods/task_methods.ts";
import type { StoredTask } from "../history.ts";

export type FrontMessage = Omit<TaskMessage, "seq">;

/** A task as it was at one moment. */
export interface FrontEntry {
  task: StoredTask;
  /** What its command said since the entry before, oldest first. */
  messages: FrontMessage[];
  /** How many messages came before these. */
  said: number;
}

/** The first line of a file. */
interface Header {
  version: 2;
  /** The haft that runs the tasks. */
  front: ProcessIdentity;
}

/** The last line of a file whose haft has nothing more to say. */
interface Last {
  over: true;
}

/** Files that no daemon has read yet; the oldest go first. */
const MOST_FILES = 1_000;
/** Milliseconds since 1970 and a random part, so that names sort by time. */
const FILE = /^([0-9a-f]{16})\.jsonl$/;

export function frontDirectory(tasks: string): string {
  return join(tasks, "front");
}

/** What one haft says of its tasks. */
export class FrontJournal {
  readonly front: ProcessIdentity;
  readonly #directory: string;
  readonly #onUnwritable: (error: unknown) => void;
  #file: number | undefined;
  #unwritable = false;

  /** @param options.onUnwritable called once, when something of what happens cannot be kept */
  constructor(
    directory: string,
    { front, onUnwritable }: { front: ProcessIdentity; onUnwritable: (error: unknown) => void },
  ) {
    this.#directory = directory;
    this.front = front;
    this.#onUnwritable = onUnwritable;
  }

  write(entry: FrontEntry): void {
    this.keep(() => {
      this.#file ??= this.#open();
      this.#append(entry);
    });
  }

  /** Writes what is kept of a run. A directory that cannot be written keeps no task from running. */
  keep<T>(write: () => T): T | undefined {
    try {
      return write();
    } catch (error) {
      if (!this.#unwritable) this.#onUnwritable(error);
      this.#unwritable = true;
      return undefined;
    }
  }

  /** Nothing more comes: the daemon may forget the file. */
  close(): void {
    if (this.#file === undefined) return;
    const file = this.#file;
    this.keep(() => this.#append({ over: true }));
    closeSync(file);
    this.#file = undefined;
  }

  #open(): number {
    const id = Date.now().toString(16).padStart(12, "0") + randomId().slice(0, 4);
    const path = join(this.#directory, `${id}.jsonl`);
    try {
      this.#file = openSync(path, "ax", 0o600);
    } catch {
      makePrivateDirectory(this.#directory);
      this.#file = openSync(path, "ax", 0o600);
    }
    this.#append({ version: 2, front: this.front });
    // One look in 256 is enough to bound what piles up where no daemon ever runs.
    if (id.endsWith("00")) removeOldest(this.#directory);
    return this.#file;
  }

  #append(line: Header | FrontEntry | Last): void {
    if (this.#file !== undefined) writeSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}

/** Reads a file as it grows. */
export class FrontReader {
  readonly #path: string;
  #front: ProcessIdentity | undefined;
  #offset = 0;
  #over = false;

  constructor(directory: string, id: string) {
    this.#path = join(directory, `${id}.jsonl`);
  }

  /** The haft that writes it; undefined for a file that is none of these. */
  get front(): ProcessIdentity | undefined {
    return this.#front;
  }

  /** Whether its last line was read. */
  get isOver(): boolean {
    return this.#over;
  }

  /** What came since the last time. */
  read(): FrontEntry[] {
    const text = this.#more();
    const end = text.lastIndexOf("\n") + 1;
    this.#offset += Buffer.byteLength(text.slice(0, end));
    return text.slice(0, end).split("\n").flatMap((line) => line === "" ? [] : this.#parse(line));
  }

  #parse(line: string): FrontEntry[] {
    let value: Partial<Header & FrontEntry & Last> | null;
    try {
      value = JSON.parse(line);
    } catch {
      return [];
    }
    if (value?.version === 2) this.#front = value.front;
    else if (value?.over === true) this.#over = true;
    else if (value?.task?.info !== undefined) {
      return [{ task: value.task, messages: value.messages ?? [], said: value.said ?? 0 }];
    }
    return [];
  }

  #more(): string {
    let file: number;
    try {
      file = openSync(this.#path, "r");
    } catch {
      return "";
    }
    try {
      const length = fstatSync(file).size - this.#offset;
      if (length <= 0) return "";
      const bytes = Buffer.alloc(length);
      const count = readSync(file, bytes, 0, length, this.#offset);
      return bytes.toString("utf8", 0, count);
    } finally {
      closeSync(file);
    }
  }
}

/** The file that a name in the directory is; undefined when it is none of these. */
export function frontFileOf(name: string): string | undefined {
  return FILE.exec(name)?.[1];
}

/** All files there are, oldest first. */
export function listFronts(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory).flatMap((name) => frontFileOf(name) ?? []).sort();
}

/** The ids of all tasks that the files speak of. */
export function frontTasks(directory: string): Set<string> {
  const entries = listFronts(directory).flatMap((id) => new FrontReader(directory, id).read());
  return new Set(entries.map(({ task }) => task.info.id));
}

export function removeFront(directory: string, id: string): void {
  rmSync(join(directory, `${id}.jsonl`), { force: true });
}

/** Says that a task was cancelled by the daemon, and did not end by itself. */
export function markCancelled(directory: string, task: string): void {
  writeFileSync(cancelPath(directory, task), "", { mode: 0o600 });
}

export function wasCancelled(directory: string, task: string): boolean {
  return existsSync(cancelPath(directory, task));
}

export function forgetCancelled(directory: string, task: string): void {
  rmSync(cancelPath(directory, task), { force: true });
}

function cancelPath(directory: string, task: string): string {
  return join(directory, `${task}.cancelled`);
}

function removeOldest(directory: string): void {
  for (const id of listFronts(directory).slice(0, -MOST_FILES)) removeFront(directory, id);
}
