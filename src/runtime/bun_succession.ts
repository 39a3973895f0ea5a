import { accessSync, constants } from "node:fs";
import process from "node:process";
import { openLibc } from "./bun_ffi.ts";
import { exactWords } from "./exact_words.ts";
import type { ExecOptions, FileLock, Succession } from "./types.ts";
import { ignoreUntilReplaced } from "./until_replaced.ts";

interface Libc {
  dup(descriptor: number): number;
  waitpid(pid: number, status: Uint8Array, options: number): number;
  execve(file: Uint8Array, args: BigUint64Array, env: BigUint64Array): number;
  fcntl(descriptor: number, command: number, argument: number): number;
}

const WNOHANG = 1;
const F_SETFD = 2;
const FD_CLOEXEC = 1;

let loaded: Libc | undefined;

/** @param heldLock makes a lock of a descriptor that has it */
export function bunSuccession(heldLock: (descriptor: number) => FileLock): Succession {
  return { inheritable, become, reap, adoptLock: heldLock };
}

function inheritable(descriptor: number): number {
  const copy = libc().dup(descriptor);
  if (copy < 0) throw new Error(`Descriptor ${descriptor} cannot be copied`);
  return copy;
}

/** By the system's own call: Bun's `process.execve` closes every descriptor besides stdio. */
function become(file: string, args: readonly string[], { env }: ExecOptions): never {
  replaceBy(file, [file, ...args].map(encode), variables(env).map(encode));
}

/**
 * As `process.execve` does, with the very bytes of the words and variables that this process got.
 *
 * @param args the last of this process's own arguments
 */
export function becomeWithExactWords(file: string, args: readonly string[], { env }: ExecOptions): never {
  const exact = exactWords();
  // From the last on, since of words that read alike the last is given first.
  const words = args.toReversed().map(exact).toReversed();
  // What is above it the runtime has closed to the program.
  libc().fcntl(3, F_SETFD, FD_CLOEXEC);
  replaceBy(file, [encode(file), ...words], variables(env).map(exact));
}

function replaceBy(file: string, words: readonly Uint8Array[], environment: readonly Uint8Array[]): never {
  accessSync(file, constants.X_OK);
  const { execve } = libc();
  const [argv, envp] = [addresses(words), addresses(environment)];
  ignoreUntilReplaced();
  execve(cString(encode(file)), argv.list, envp.list);
  const count = argv.texts.length + envp.texts.length;
  throw new Error(`"${file}" cannot take this process's place, with ${count} words and variables`);
}

function variables(env: ExecOptions["env"]): string[] {
  return Object.entries(env).flatMap(([name, value]) => value === undefined ? [] : `${name}=${value}`);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function cString(bytes: Uint8Array): Uint8Array {
  const text = new Uint8Array(bytes.length + 1);
  text.set(bytes);
  return text;
}

/** A list of C strings. The texts hold the memory that the list points to. */
function addresses(words: readonly Uint8Array[]): { list: BigUint64Array; texts: Uint8Array[] } {
  const { ptr } = process.getBuiltinModule("bun:ffi");
  const texts = words.map(cString);
  const list = new BigUint64Array(texts.length + 1);
  for (const [index, text] of texts.entries()) list[index] = BigInt(ptr(text));
  return { list, texts };
}

function reap(pid: number): ReturnType<Succession["reap"]> {
  const status = new Int32Array(1);
  if (libc().waitpid(pid, new Uint8Array(status.buffer), WNOHANG) !== pid) return undefined;
  const [value = 0] = status;
  const number = value & 0x7f;
  return number === 0
    ? { code: (value >> 8) & 0xff, signal: null }
    : { code: null, signal: signalName(number) };
}

function signalName(number: number): string {
  const { constants: { signals } } = process.getBuiltinModule("node:os");
  const found = Object.entries(signals).find(([, value]) => value === number);
  return found?.[0] ?? `signal ${number}`;
}

function libc(): Libc {
  return loaded ??= openLibc<Libc>({
    dup: { args: ["i32"], returns: "i32" },
    waitpid: { args: ["i32", "ptr", "i32"], returns: "i32" },
    execve: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
    fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
  });
}
