/**
 * What the shortest way of `haft exec` needs of the system, by the C library (libc_at_once.ts says why);
 * `process.execve` takes longer than a whole exec by this.
 */
import { libcAtOnce, type Looks } from "./libc_at_once.ts";
import { ignoreUntilReplaced } from "./until_replaced.ts";

export interface AtOnce extends Looks {
  /**
   * Puts a program in this process's place. It has the environment that this process was started in, byte for
   * byte, and what is given over it. @throws when the system refuses
   */
  replace(file: string, args: readonly string[], env: EnvironmentAtOnce): never;
}

export interface EnvironmentAtOnce {
  /** Undefined leaves it as it is. */
  PATH?: string;
  /** Variables to set where they are not set already. */
  defaults?: Readonly<Record<string, string>>;
}

interface Libc {
  fcntl(descriptor: number, command: number, argument: number): number;
  setenv(name: Uint8Array, value: Uint8Array, overwrite: number): number;
  execv(file: Uint8Array, args: BigUint64Array): number;
}

const F_SETFD = 2;
const FD_CLOEXEC = 1;

/** Loads the C library. @throws where it lacks something */
export function atOnce(): AtOnce {
  const { libc, looks, ptr } = libcAtOnce<Libc>({
    fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
    setenv: { args: ["ptr", "ptr", "i32"], returns: "i32" },
    execv: { args: ["ptr", "ptr"], returns: "i32" },
  });
  const encoder = new TextEncoder();

  function set(name: string, value: string, overwrite: 0 | 1): void {
    if (libc.setenv(encoder.encode(`${name}\0`), encoder.encode(`${value}\0`), overwrite) !== 0) {
      throw new Error(`"${name}" cannot be set`);
    }
  }

  return {
    ...looks,
    replace(file, args, { PATH, defaults = {} }) {
      for (const name in defaults) set(name, defaults[name] ?? "", 0);
      if (PATH !== undefined) set("PATH", PATH, 1);
      const words = encoder.encode(`${[file, ...args].join("\0")}\0`);
      const list = new BigUint64Array(args.length + 2);
      const start = ptr(words);
      for (let index = 0, at = 0; index <= args.length; index++) {
        list[index] = BigInt(start + at);
        at = words.indexOf(0, at) + 1;
      }
      ignoreUntilReplaced();
      // As in `process.execve`: nothing but stdio is handed on. What is above 3 the runtime has closed to it.
      libc.fcntl(3, F_SETFD, FD_CLOEXEC);
      libc.execv(words, list);
      throw new Error(`"${file}" cannot take this process's place, with ${words.length} bytes of words`);
    },
  };
}
