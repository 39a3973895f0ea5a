import type { Runtime } from "./types.ts";

export type {
  ExecOptions,
  FileLock,
  Listener,
  MappedFile,
  ProgramOptions,
  Runtime,
  Socket,
  SocketHandler,
  StartedProgram,
} from "./types.ts";

const isDeno = "Deno" in globalThis && !("Bun" in globalThis);

/** The runtime this process runs on. */
export const runtime: Runtime = isDeno
  ? (await import("./deno.ts")).denoRuntime
  : (await import("./bun.ts")).bunRuntime;
