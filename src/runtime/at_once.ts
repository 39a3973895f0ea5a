/**
 * What the shortest way of `haft exec` needs of the system, by the C library (libc_at_once.ts says why);
 * `process.execve` takes longer than a whole exec by this.
 */
import { libcAtOnce, type Looks } from "./libc_at_once.ts";
import { ignoreUntilReplaced } from "./until_replaced.ts";

export interface AtOnce extends Looks {
  /** Puts a program in this process's place. @throws when the system refuses */
  replace(file: string, args: readonly string[], env: Readonly<Record<string, string>>): never;
}

interface Libc {
  fcntl(descriptor: number, command: number, argument: number): number;
  execve(file: Uint8Array, args: BigUint64Array, env: BigUint64Array): number;
}

const F_SETFD = 2;
const FD_CLOEXEC = 1;

/** Loads the C library. @throws where it lacks something */
export function atOnce(): AtOnce {
  const { libc, looks, ptr } = libcAtOnce<Libc>({
    fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
    execve: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
  });
  const encoder = new TextEncoder();

  /** A list of C strings; `texts` has to live as long as it. */
  function pointers(strings: readonly string[]): { list: BigUint64Array; texts: Uint8Array } {
    const texts = encoder.encode(`${strings.join("\0")}\0`);
    const list = new BigUint64Array(strings.length + 1);
    const start = ptr(texts);
    for (let index = 0, at = 0; index < strings.length; index++) {
      list[index] = BigInt(start + at);
      at = texts.indexOf(0, at) + 1;
    }
    return { list, texts };
  }

  return {
    ...looks,
    replace(file, args, env) {
      const own = pointers([file, ...args]);
      const variables = pointers(Object.keys(env).map((name) => `${name}=${env[name] ?? ""}`));
      ignoreUntilReplaced();
      // As in `process.execve`: nothing but stdio is handed on. What is above 3 the runtime has closed to it.
      libc.fcntl(3, F_SETFD, FD_CLOEXEC);
      libc.execve(encoder.encode(`${file}\0`), own.list, variables.list);
      const length = own.texts.length + variables.texts.length;
      throw new Error(`"${file}" cannot take this process's place, with ${length} bytes of words`);
    },
  };
}
