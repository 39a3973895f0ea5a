import { Buffer } from "node:buffer";
import { isAbsolute, join } from "node:path";
import { type Env, envValue } from "../base/env.ts";
import { HaftError, UsageError } from "../base/errors.ts";
import { LIMITS } from "./limits.ts";

export interface EndpointContext {
  env: Env;
  /** `process.platform`. */
  platform: string;
  /** The user's id; undefined on Windows. */
  uid: number | undefined;
  /** `os.tmpdir()`. */
  tmpdir: string;
  /** The user's name, part of a pipe's name on Windows. */
  user?: string;
}

/** The name of the daemon's endpoint. */
export const DAEMON_ENDPOINT = "daemon";

/** What a channel may be called: it becomes a file's name, so it has neither separators nor a leading dot. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._+@-]{0,127}$/;

/**
 * The path of the endpoint with this name: `$XDG_RUNTIME_DIR/haft/<name>.sock`, else
 * `<tmp>/haft-<uid>/<name>.sock`; on Windows the pipe `\\.\pipe\haft-<user>-<name>`.
 *
 * @throws {UsageError} when the name is not one, or the path is longer than the system's sockets take
 */
export function endpointPath(name: string, context: EndpointContext): string {
  if (!NAME.test(name) || name.includes("..")) {
    throw new UsageError(`Invalid channel name ${JSON.stringify(name)}`, {
      next: "Use 1 to 128 letters, digits and . _ + @ - and begin with a letter or a digit",
    });
  }
  if (context.platform === "win32") {
    return `\\\\.\\pipe\\haft-${(context.user ?? "user").replaceAll(/[\\/:*?"<>|\s]/g, "_")}-${name}`;
  }
  const path = join(endpointDirectory(context), `${name}.sock`);
  checkPathLength(path, context.platform);
  return path;
}

/** The directory that holds the user's endpoints. */
export function endpointDirectory({ env, uid, tmpdir }: EndpointContext): string {
  const runtime = envValue(env, "XDG_RUNTIME_DIR");
  // The XDG specification: a relative path is invalid and is to be ignored.
  if (runtime !== undefined && isAbsolute(runtime)) return join(runtime, "haft");
  return join(tmpdir, `haft-${uid ?? "user"}`);
}

/**
 * The kernel would answer EINVAL, or cut the path, without a word about why.
 *
 * @throws {HaftError} naming the path, its length and the limit
 */
export function checkPathLength(path: string, platform: string): void {
  const limit = platform === "linux"
    ? LIMITS.socketPath.linux
    : platform === "win32"
    ? LIMITS.socketPath.win32
    : LIMITS.socketPath.darwin;
  const length = Buffer.byteLength(path);
  if (length <= limit) return;
  throw new HaftError(
    `Socket path "${path}" is too long: ${length} bytes, and the system allows ${limit}`,
    { next: "Set XDG_RUNTIME_DIR to a shorter directory, or HAFT_SOCKET to a shorter path" },
  );
}
