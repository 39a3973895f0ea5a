import { fstatSync, lstatSync, rmSync, type Stats } from "node:fs";
import process from "node:process";
import { makePrivateDirectory } from "../base/private_directory.ts";
import { HaftError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import { setAside } from "../base/set_aside.ts";
import { writeAtomic } from "../base/write_atomic.ts";
import { daemonLockFile, type DaemonRecord, daemonRecordFile, readRecord } from "../client/running_daemon.ts";
import { type FileLock, processLock } from "../runtime/process_lock.ts";
import { requireSuccession } from "./legacy.ts";

/** Another daemon looks after this state directory. */
export class AlreadyRunning extends HaftError {
  override readonly name = "AlreadyRunning";
  /** Where it listens; undefined when it has not said so yet. */
  readonly socket: string | undefined;

  constructor({ pid, socket }: Partial<DaemonRecord> = {}) {
    const who = pid === undefined ? "" : `, pid ${pid}`;
    super(
      socket === undefined
        ? `A daemon is running already${who}`
        : `A daemon already answers at "${socket}"${who}`,
      {
        next: 'Run "haft daemon status" to see it, or "haft daemon stop" to stop it',
        exitCode: ExitCode.failed,
      },
    );
    this.socket = socket;
  }
}

/**
 * How long a daemon asks for the lock. A client that asks whether a daemon runs holds it for an instant, and
 * on a busy machine the instant is long; only a holder that has said who it is counts as a daemon at once.
 */
const ASKED_MS = { daemon: 250, unknown: 5_000 };

/**
 * Makes the daemon the only one of its state directory, wherever it listens: two would both look after the
 * same apps and tasks.
 */
export class StateLock {
  readonly #state: string;
  #lock: FileLock;
  #file: Stats;

  private constructor(state: string, lock: FileLock, socket: string) {
    this.#state = state;
    this.#lock = lock;
    this.#file = lock.descriptor === undefined
      ? lstatSync(daemonLockFile(state))
      : fstatSync(lock.descriptor);
    this.record(socket);
  }

  /** Goes on with the lock of the daemon whose place this one took. */
  static inherit(state: string, descriptor: number, socket: string): StateLock {
    return new StateLock(state, requireSuccession().adoptLock(descriptor), socket);
  }

  /** @throws {AlreadyRunning} */
  static async take(state: string, socket: string): Promise<StateLock> {
    makePrivateDirectory(state);
    const lock = await tryLock(state);
    if (lock === undefined) throw new AlreadyRunning(holder(state));
    return new StateLock(state, lock, socket);
  }

  /** Says where the daemon listens. */
  record(socket: string): void {
    const path = daemonRecordFile(this.#state);
    const record: DaemonRecord = { pid: process.pid, socket };
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true) setAside(path);
    try {
      writeAtomic(path, `${JSON.stringify(record)}\n`, { mode: 0o600, durable: false });
    } catch {
      // No space is left. Without a record, clients find the daemon at its usual socket alone.
    }
  }

  /**
   * Looks whether the lock is still the directory's own. When its file was removed, it is taken anew.
   *
   * @throws {AlreadyRunning} when another daemon was quicker
   */
  async check(socket: string): Promise<void> {
    const now = lstatSync(daemonLockFile(this.#state), { throwIfNoEntry: false });
    if (now !== undefined && now.ino === this.#file.ino && now.dev === this.#file.dev) return;
    makePrivateDirectory(this.#state);
    const lock = await tryLock(this.#state);
    if (lock === undefined) throw new AlreadyRunning(holder(this.#state));
    this.#lock.release();
    this.#lock = lock;
    this.#file = lstatSync(daemonLockFile(this.#state));
    this.record(socket);
  }

  /**
   * Keeps the lock and the record for the program that takes this one's place. @returns the lock's descriptor
   */
  leave(): number {
    const { descriptor } = this.#lock;
    if (descriptor === undefined) throw new Error("The lock has no descriptor");
    return requireSuccession().inheritable(descriptor);
  }

  release(): void {
    rmSync(daemonRecordFile(this.#state), { force: true });
    this.#lock.release();
  }
}

async function tryLock(state: string): Promise<FileLock | undefined> {
  const path = daemonLockFile(state);
  const seen = lstatSync(path, { throwIfNoEntry: false });
  if (seen !== undefined && !seen.isFile()) setAside(path);
  const started = performance.now();
  for (;;) {
    const signal = AbortSignal.timeout(ASKED_MS.daemon);
    try {
      return await processLock(path, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
      const waited = performance.now() - started;
      if (holder(state) !== undefined || waited > ASKED_MS.unknown) return undefined;
    }
  }
}

/** A record of an earlier daemon does not count. */
function holder(state: string): DaemonRecord | undefined {
  try {
    const record = readRecord(daemonRecordFile(state));
    if (record !== undefined) process.kill(record.pid, 0);
    return record;
  } catch {
    return undefined;
  }
}
