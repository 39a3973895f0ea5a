import { tmpdir, userInfo } from "node:os";
import process from "node:process";
import type { Env } from "../base/env.ts";
import { endpointPath } from "../socket/endpoint.ts";

export interface EndpointOptions {
  /** The socket's path, instead of the one that the name gives. Its directory has to be the user's alone. */
  path?: string;
  /** `process.env` by default. */
  env?: Env;
}

/** The path of a channel's endpoint for this user on this system. */
export function resolveEndpoint(name: string, { path, env = process.env }: EndpointOptions): string {
  if (path !== undefined) return path;
  return endpointPath(name, {
    env,
    platform: process.platform,
    uid: process.getuid?.(),
    tmpdir: tmpdir(),
    ...(process.platform === "win32" ? { user: userInfo().username } : {}),
  });
}
