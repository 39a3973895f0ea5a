/**
 * A pipe's token: 32 random bytes in a file that only the user can read. The listener makes it and the client
 * reads it. It belongs to the process that has the pipe, of which the system allows one, so that no two
 * processes make it at the same time.
 */
import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { errorCode, HaftError } from "../base/errors.ts";
import { TOKEN_BYTES } from "./pipe_handshake.ts";

/** Names that are a file's name as they are, on every system. */
const PLAIN = /^haft-[A-Za-z0-9._+@-]{1,180}$/;

/** The file of what belongs to the pipe; a name that could not be a file's is replaced by its hash. */
export function pipeFile(directory: string, path: string, kind: "token" | "lock"): string {
  const name = path.slice(Math.max(path.lastIndexOf("\\"), path.lastIndexOf("/")) + 1);
  // Neither pipes nor files there tell capitals from others.
  const plain = PLAIN.test(name) ? name : createHash("sha256").update(path.toLowerCase()).digest("hex");
  return join(directory, `${plain}.${kind}`);
}

/** The token that lies there, or a new one; for the process that has the pipe. */
export function ownPipeToken(file: string): Buffer {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // Left by a process that was killed: a client may have read it, and it is as secret as a new one.
  const left = readToken(file);
  if (left !== undefined) return left;
  const token = randomBytes(TOKEN_BYTES);
  const staged = `${file}.${randomBytes(6).toString("hex")}`;
  writeFileSync(staged, token, { flag: "wx", mode: 0o600 });
  renameSync(staged, file);
  return token;
}

/** @throws {HaftError} when there is none, or it is not this user's alone */
export function pipeToken(file: string): Buffer {
  const token = readToken(file);
  if (token !== undefined) return token;
  throw new HaftError(`Cannot read the pipe's token "${file}": it is missing or damaged`, {
    next: "Start the program that listens there once more",
  });
}

export function removePipeToken(file: string): void {
  rmSync(file, { force: true });
}

/** Undefined when there is none, or none that is whole. */
function readToken(file: string): Buffer | undefined {
  let descriptor: number;
  try {
    // Windows has no such flag, and no links that everybody may make.
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    refuseForeign(file, fstatSync(descriptor));
    const bytes = Buffer.alloc(TOKEN_BYTES + 1);
    const length = readSync(descriptor, bytes, 0, bytes.length, 0);
    return length === TOKEN_BYTES ? bytes.subarray(0, TOKEN_BYTES) : undefined;
  } finally {
    closeSync(descriptor);
  }
}

/** On Windows the directory's access list, the user's own, is what keeps others out. */
function refuseForeign(file: string, { uid, mode }: { uid: number; mode: number }): void {
  const own = process.getuid?.();
  if (own === undefined || (uid === own && (mode & 0o077) === 0)) return;
  throw new HaftError(`Refusing the pipe's token "${file}": other users can read it, or made it`, {
    next: "Remove it",
  });
}
