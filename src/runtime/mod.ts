import type { Runtime } from "./types.ts";

export type {
  ExecOptions,
  FileLock,
  Listener,
  MappedFile,
  OutputHandler,
  ProgramOptions,
  Runtime,
  Socket,
  SocketHandler,
  StartedProgram,
  Succession,
} from "./types.ts";

/** The runtime this process runs on. */
export const runtime: Runtime = "Bun" in globalThis
  ? (await import("./bun.ts")).bunRuntime
  : "Deno" in globalThis
  ? (await import("./deno.ts")).denoRuntime
  : (await import("./node.ts")).nodeRuntime;
