/** Where other systems' clients look for their server when a dialect is switched on without a path. */
import { join } from "node:path";
import { type Env, envValue } from "../base/env.ts";
import { UsageError } from "../base/errors.ts";

export interface PlacesContext {
  env: Env;
  /** `process.platform`. */
  platform: string;
}

/** A path, the name of a channel, or `true` for the place where its clients look by themselves. */
export type Place = string | true;

const PIPE = "\\\\.\\pipe\\";

/**
 * @returns paths of sockets, or of pipes
 * @throws {UsageError} when the dialect has no usual place, or does not go by names
 */
export function placesOf(dialect: string, place: Place, { env, platform }: PlacesContext): string[] {
  if (place === true) return usualPlaces(dialect, env, platform);
  if (/[\\/]/.test(place)) return [platform === "win32" ? pipeOf(dialect, place) : place];
  if (platform === "win32" && dialect === "auroraview") return [`${PIPE}auroraview_${place}`];
  if (platform === "win32" && dialect === "ipckit") return [`${PIPE}${place}`];
  switch (dialect) {
    case "auroraview":
      // Python's channel, the Rust side's, and the RFC's.
      return [`/tmp/ipckit_${place}`, `/tmp/${place}.sock`, `/tmp/auroraview_${place}`];
    case "ipckit":
      return [`/tmp/${place}.sock`];
    default:
      throw new UsageError(`Dialect "${dialect}" listens at a path, not at the name "${place}"`, {
        next: `Write an absolute path: --listen ${dialect}=/…/${place}.sock`,
      });
  }
}

/** @throws {UsageError} when it is no pipe, and the dialect's clients do not make one of it */
function pipeOf(dialect: string, path: string): string {
  if (path.toLowerCase().startsWith(PIPE)) return path;
  // As node-ipc does with the path that it is given.
  if (NODE_IPC.has(dialect)) return `${PIPE}${path.replace(/^\//, "").replaceAll("/", "-")}`;
  throw new UsageError(`Dialect "${dialect}" listens at a pipe on Windows, not at "${path}"`, {
    next: `Write a pipe's name: --listen ${dialect}=${PIPE}NAME`,
  });
}

const NODE_IPC: ReadonlySet<string> = new Set(["roo", "codex"]);

function usualPlaces(dialect: string, env: Env, platform: string): string[] {
  const runtime = envValue(env, "XDG_RUNTIME_DIR");
  switch (dialect) {
    case "bunctl":
    case "bunctl-ipc": {
      const usual = platform === "win32"
        ? `${PIPE}bunctl_bunctl`
        : runtime === undefined
        ? "/tmp/bunctl.sock"
        : join(runtime, "bunctl.sock");
      return [envValue(env, "BUNCTL_SOCKET") ?? usual];
    }
    case "ipckit":
      if (runtime !== undefined) return [join(runtime, "ipckit.sock")];
      break;
    case "auroraview": {
      const channel = envValue(env, "AURORAVIEW_IPC_CHANNEL");
      if (channel !== undefined) return placesOf(dialect, channel, { env, platform });
      break;
    }
    case "roo":
    case "codex":
    case "codex-lines": {
      const path = envValue(env, "ROO_CODE_IPC_SOCKET_PATH");
      if (path !== undefined) return placesOf(dialect, path, { env, platform });
    }
  }
  throw new UsageError(`Dialect "${dialect}" needs the path of its socket`, {
    next: `Write --listen ${dialect}=PATH`,
  });
}
