/**
 * The seam between Deno and Bun, and Node for the package. Code above it never asks which of them it runs on;
 * whatever all offer through `node:*` modules is not here.
 */
export interface Runtime {
  readonly name: "deno" | "bun" | "node";
  /** True in a single binary made by `bun build --compile` or `deno compile`. */
  readonly isCompiled: boolean;
  /** The argv that starts this same haft again; the caller appends haft's own arguments. */
  selfCommand(): string[];
  /**
   * Runs an executable in this process's place, so that signals, terminal and exit code are its own.
   *
   * Where a process can be replaced, the promise never settles. Elsewhere the program runs as a child with
   * this process's stdio and signals, and the promise gives its exit code (128 + the signal's number when it
   * was killed).
   *
   * @param file absolute path of the executable
   * @param args what follows the executable's name
   * @throws with `code` `ENOENT`, `EACCES`… when it cannot be started
   */
  exec(file: string, args: readonly string[], options: ExecOptions): Promise<number>;
  /**
   * Calls once when any process has ended. Absent where the runtime cannot wait for one that is no child.
   *
   * @returns undefined where the system cannot; disposing it takes the call back
   */
  watchProcess?: (pid: number, onEnd: () => void) => Disposable | undefined;
  /**
   * Keeps what this process was handed besides stdio (a pipe of its starter's, a lock's descriptor) from the
   * processes that it starts from now on. A process that lives on would hold it open for as long.
   */
  keepInherited(): void;
  /** Whether `startProgram` can give a program a pseudoterminal. */
  readonly hasTerminals: boolean;
  /** Whether this process was started with SIGHUP ignored, as by `nohup`. */
  ignoresHangup(): boolean;
  /**
   * Starts a program whose end this process waits for, without the streams of `node:child_process` where the
   * runtime can do without: those take a short command longer than all of its own work.
   *
   * @param file absolute path of the executable
   * @throws with `code` `ENOENT`, `EACCES`… when it cannot be started
   */
  startProgram(file: string, args: readonly string[], options: ProgramOptions): Promise<StartedProgram>;
  /**
   * Writes text to this process's stdout or stderr, without the stream objects of `node:process`: those load
   * the terminal and network modules, which costs a short command more than all of its own work.
   *
   * @throws with `code` `EPIPE` when the reader has gone
   */
  writeOutput(stream: "stdout" | "stderr", text: string | Uint8Array): Promise<void>;
  /**
   * Takes an exclusive lock on the file, creating it (0600) if need be, or gives undefined when another
   * process has it. The kernel releases it when this process ends, however it ends. The file is never
   * unlinked.
   *
   * @throws when the path is a symbolic link, or cannot be opened
   */
  tryLock(path: string): FileLock | undefined;
  /** Undefined where no program can take this process's place, or the place would be without its children. */
  readonly succession?: Succession;
  /**
   * Maps a file so that what one process writes others see.
   *
   * @param size bytes, the file's own size
   * @throws where the system cannot
   */
  mapFile(path: string, size: number): MappedFile;
  /**
   * Gives back memory that is not used any more, now; where the runtime lets nobody say so, nothing happens.
   */
  collectGarbage(): void;
  /**
   * Compiles code that runs often from now on. A binary starts without (`scripts/build.ts`): most of what
   * runs at a start runs once, and is interpreted in less time than it is compiled in.
   */
  compileHotCode(): void;
  /** Collects garbage, and unmaps what a process that only waits does not need. */
  giveBackMemory(): void;
  /** Fast compression, where the runtime has one without a module to load. */
  readonly packer?: { pack(bytes: Uint8Array): Uint8Array; unpack(packed: Uint8Array): Uint8Array };
  /**
   * What of `fetch`'s options sends a request through a proxy, or (without one) directly, whatever the
   * environment says.
   *
   * @param proxy an http or https address, with its credentials
   */
  fetchThrough(proxy: string | undefined): object;
  /** @throws with `code` `EADDRINUSE` when anything exists at the path. */
  listenUnix(path: string, accept: (socket: Socket) => SocketHandler): Listener;
  /** @throws with `code` `ENOENT` when nothing is at the path, `ECONNREFUSED` when nobody listens there. */
  connectUnix(path: string, attach: (socket: Socket) => SocketHandler): Promise<Socket>;
}

export interface ExecOptions {
  env: Readonly<Record<string, string | undefined>>;
}

/** How one program hands its process, its children and its open files to the next. */
export interface Succession {
  /**
   * Another descriptor of the same open file, which stays open in the program that takes this one's place.
   */
  inheritable(descriptor: number): number;
  /**
   * Like {@link Runtime.exec}, and what is {@link inheritable} stays open. @throws when it cannot be started
   */
  become(file: string, args: readonly string[], options: ExecOptions): never;
  /** A lock that the program before this one held. */
  adoptLock(descriptor: number): FileLock;
  /**
   * Asks how a child of the program before this one has ended, which the system answers once.
   *
   * @returns undefined while it runs, and when it is no child
   */
  reap(pid: number): { code: number | null; signal: string | null } | undefined;
}

export interface ProgramOptions {
  cwd: string;
  env: Readonly<Record<string, string>>;
  /** It leads a process group of its own, which no terminal signals. */
  ownGroup: boolean;
  stdin: "inherit" | "ignore";
  /**
   * A pseudoterminal is its stdin, stdout and stderr, joined to haft's terminal: keys are handed on, and
   * `output` gets all that it writes as stdout.
   */
  ownTerminal: boolean;
  /** Where its stdout and stderr go. */
  output: "inherit" | OutputHandler;
  /** The arguments are already quoted for Windows. */
  verbatim: boolean;
}

/**
 * Gets what a program writes. The next chunk is read when the promise for the last one resolves, and none
 * after `false`: the stream is then closed, so that a program that goes on writing meets SIGPIPE. It never
 * throws.
 */
export type OutputHandler = (stream: "stdout" | "stderr", chunk: Uint8Array) => Promise<boolean> | boolean;

export interface StartedProgram {
  readonly pid: number;
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
  /** Resolves when all of its output was passed on, which another process may keep from happening. */
  readonly passedOn: Promise<void>;
  readonly hasExited: boolean;
  /** Whether it reads key by key from a pseudoterminal of its own; absent where it has none. */
  readsKeys?(): boolean;
  /** Reads no more of its output. */
  closeOutput(): void;
}

/** A held lock. Releasing twice is harmless. */
export interface FileLock extends Disposable {
  release(): void;
  /** The open file; undefined where the lock is none. */
  readonly descriptor?: number;
}

/** A connected stream of bytes with no queue of its own. */
export interface Socket {
  /**
   * Writes all of the bytes. True: they are with the kernel, and the memory is the caller's again. False: the
   * socket holds the memory, and no other write may be made, until it calls the handler's `drain`.
   */
  write(bytes: Uint8Array): boolean;
  /** Stops reading; a chunk that is already on its way may still arrive. */
  pause(): void;
  resume(): void;
  /**
   * Closes both directions at once. What the kernel has taken still arrives. The handler's `close` follows.
   */
  close(): void;
  /** The user at the other end as the kernel knows it; undefined where the runtime gives no descriptor. */
  peerUid(): number | undefined;
  /**
   * Waits for input without sleeping, which takes less time than to be woken; nothing else runs meanwhile.
   * Absent where the runtime cannot.
   *
   * @param ms milliseconds, at most
   * @returns whether there is some, which the handler gets as usual
   */
  pollInput?(ms: number): boolean;
}

/** What a socket calls. Nothing is called after `close`, and `close` is called once. */
export interface SocketHandler {
  /** The memory is the socket's and is used again after the call. */
  data(chunk: Buffer): void;
  /** The bytes of the `write` that answered false are all with the kernel. */
  drain(): void;
  /**
   * The peer sends nothing more, and still reads. Without this function the socket is closed then. Deno, and
   * pipes of Windows, do not tell it from a peer that closed.
   */
  end?(): void;
  /** The peer closed (no error), this side closed (no error), or the connection broke. */
  close(error: Error | undefined): void;
}

export interface Listener {
  /** Stops accepting; connections live on. Does not touch the file at the path that was renamed since. */
  close(): void;
}

/** A file as memory. After `unmap` its bytes are not to be touched. */
export interface MappedFile {
  readonly bytes: Uint8Array;
  unmap(): void;
}
