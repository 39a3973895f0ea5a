import process from "node:process";
import type { Runtime } from "./types.ts";

/**
 * The runtime's own named pipes, where its `node:net` will not do. Bun's calls back from a write to a pipe
 * before anything was written, however much is queued already: a peer that does not read would cost all the
 * memory there is. Its own sockets call `drain` when the bytes are out, on pipes as well.
 */
export async function nativePipes(): Promise<Pick<Runtime, "listenUnix" | "connectUnix"> | undefined> {
  if (process.platform !== "win32" || !("Bun" in globalThis)) return undefined;
  return (await import("./bun.ts")).bunRuntime;
}
