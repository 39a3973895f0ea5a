import {
  chmodSync,
  linkSync,
  lstatSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  unlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { errorCode, HaftError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import { runtime, type Socket, type SocketHandler } from "../runtime/mod.ts";
import { processLock } from "../runtime/process_lock.ts";
import { nobodyListens } from "./absent.ts";
import { checkPathLength } from "./endpoint.ts";
import type { EndpointListener } from "./endpoint_listener.ts";
import { openRuntimeDirectory } from "./runtime_directory.ts";

export interface ListenOptions {
  /** Stops waiting for the directory's lock. */
  signal?: AbortSignal;
  /**
   * The path may lie straight in a directory that all users share, such as `/tmp`: for clients that look
   * nowhere else.
   */
  mayBeShared?: boolean;
}

/** Open to all, and sticky. */
const SHARED = 0o1777;

/**
 * Unix sockets with one owner.
 *
 * Both runtimes unlink, when a listener closes, whatever then lies at the path they bound, even a successor's
 * socket. So a listener binds at a private name in the same directory and is then linked to its path: the
 * runtimes' own unlink finds nothing, and the socket appears at its path already listening and already 0600.
 * Linking fails when anything is there; only then, and under the directory's lock, is a stale socket
 * replaced. Closing removes the path while the listener is still live, and only when it is still our inode
 * there: no successor can have come before that, since it would have found us alive, nor be hurt after.
 */
export async function listenUnix(
  path: string,
  accept: (socket: Socket) => SocketHandler,
  { signal, mayBeShared = false }: ListenOptions = {},
): Promise<EndpointListener> {
  const uid = process.getuid?.();
  checkPathLength(path, process.platform);
  const directory = mayBeShared ? privateDirectoryFor(dirname(path), uid) : dirname(path);
  openRuntimeDirectory(directory, { uid, create: true });
  const { listener, bound } = bindPrivately(directory, accept);
  try {
    chmodSync(bound, 0o600);
    const own = lstatSync(bound);
    if (placeByLink(bound, path) !== undefined) {
      await placeUnderLock(bound, path, { lock: join(directory, ".lock"), uid, signal });
    }
    return {
      isInPlace: () => isSame(path, own),
      close() {
        unlinkIfSame(path, own);
        listener.close();
      },
    };
  } catch (error) {
    listener.close();
    rmSync(bound, { force: true });
    throw error;
  }
}

/**
 * Where a socket is made that is then linked into `directory`: there itself when it is ours alone, in our own
 * directory below when it is one that all users share and in which users cannot replace each other's files
 * (the sticky bit of `/tmp`).
 */
function privateDirectoryFor(directory: string, uid: number | undefined): string {
  const seen = lstatSync(directory, { throwIfNoEntry: false });
  if (seen === undefined || seen.uid !== 0) return directory;
  // macOS has `/tmp` as a link, of root's making.
  const shared = seen.isSymbolicLink() ? realpathSync(directory) : directory;
  const { mode, uid: owner } = lstatSync(shared);
  return (mode & SHARED) === SHARED && owner === 0 ? join(shared, `haft-${uid}`) : directory;
}

export interface ConnectOptions extends Pick<ListenOptions, "mayBeShared"> {
  /** The user, or the program that started this one, named the path: the socket's owner alone counts. */
  named?: boolean;
}

/**
 * Connects to a socket of our own user's in a directory of our own user's.
 *
 * @throws with `code` `ENOENT` or `ECONNREFUSED` when no process listens
 */
export async function connectUnix(
  path: string,
  attach: (socket: Socket) => SocketHandler,
  { mayBeShared = false, named = false }: ConnectOptions = {},
): Promise<Socket> {
  const uid = process.getuid?.();
  checkPathLength(path, process.platform);
  const directory = dirname(path);
  // In a directory that all users share, the socket's owner is what counts.
  if (!named && (!mayBeShared || privateDirectoryFor(directory, uid) === directory)) {
    openRuntimeDirectory(directory, { uid });
  }
  refuseForeign(path, lstatSync(path), uid);
  return await runtime.connectUnix(path, attach);
}

/**
 * Binds at a private name: the directory is ours alone, so the socket's mode counts only from the
 * moment when it is at its path, and by then it is 0600. A umask around the bind would do the same, but it is
 * the whole process's, threads included.
 */
function bindPrivately(directory: string, accept: (socket: Socket) => SocketHandler) {
  for (let attempt = 1;; attempt++) {
    // Not longer than any `<name>.sock`, so that it fits where the final path does.
    const bound = join(directory, `.${Math.random().toString(36).slice(2, 7).padEnd(5, "0")}`);
    try {
      return { listener: runtime.listenUnix(bound, accept), bound };
    } catch (error) {
      if (errorCode(error) !== "EADDRINUSE" || attempt === 10) throw error;
    }
  }
}

/** Gives the reason when it failed: `EEXIST`, or that the file system has no hard links. */
function placeByLink(bound: string, path: string): string | undefined {
  try {
    linkSync(bound, path);
  } catch (error) {
    return errorCode(error) ?? "unknown";
  }
  unlinkSync(bound);
  return undefined;
}

/** Replaces a stale socket. The lock keeps two that both found it stale from replacing each other. */
async function placeUnderLock(
  bound: string,
  path: string,
  { lock, uid, signal }: { lock: string; uid: number | undefined; signal: AbortSignal | undefined },
): Promise<void> {
  using _lock = await processLock(lock, signal === undefined ? {} : { signal });
  for (;;) {
    const state = await inspect(path, uid);
    if (state === "live") {
      throw Object.assign(
        new HaftError(`Socket "${path}" is in use by another process`, { exitCode: ExitCode.transport }),
        { code: "EADDRINUSE" },
      );
    }
    const failure = state === "absent" ? placeByLink(bound, path) : "EEXIST";
    if (failure === undefined) return;
    // Another process found the path free, needed no lock, and came first.
    if (state === "absent" && failure === "EEXIST") continue;
    return renameSync(bound, path);
  }
}

/** Stale: a socket of ours without a listener. */
async function inspect(path: string, uid: number | undefined): Promise<"absent" | "stale" | "live"> {
  let stat: Stats;
  try {
    stat = lstatSync(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return "absent";
    throw error;
  }
  refuseForeign(path, stat, uid);
  return await isLive(path) ? "live" : "stale";
}

function refuseForeign(path: string, stat: Stats, uid: number | undefined): void {
  if (!stat.isSocket()) {
    throw new HaftError(`Refusing socket "${path}": it is not a socket`, {
      next: "Move it away, or choose another path by HAFT_SOCKET or --socket",
    });
  }
  if (uid === undefined || stat.uid === uid) return;
  throw new HaftError(`Refusing socket "${path}": it belongs to user ${stat.uid}, and you are user ${uid}`, {
    next:
      `Choose a path in a directory of your own by HAFT_SOCKET or --socket; user ${stat.uid} can remove it`,
  });
}

/**
 * Only a refused connection says that the owner is gone; anything else may be a live owner with a full
 * backlog.
 */
async function isLive(path: string): Promise<boolean> {
  try {
    const socket = await runtime.connectUnix(path, () => ({ data() {}, drain() {}, close() {} }));
    socket.close();
    return true;
  } catch (error) {
    return !nobodyListens(error);
  }
}

function unlinkIfSame(path: string, own: Stats): void {
  try {
    if (isSame(path, own)) unlinkSync(path);
  } catch {
    // Nothing is there any more: it was cleaned up before us.
  }
}

function isSame(path: string, own: Stats): boolean {
  try {
    const { ino, dev } = lstatSync(path);
    return ino === own.ino && dev === own.dev;
  } catch {
    // Gone, or a directory above it is a file now.
    return false;
  }
}
