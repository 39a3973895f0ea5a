import { homedir } from "node:os";
import process from "node:process";
import type { Env } from "../../../../src/base/env.ts";
import { envValue } from "../../../../src/base/env.ts";
import { resolvePaths } from "../../../../src/base/paths.ts";
import { resolveEndpoint } from "../../../../src/channel/resolve_endpoint.ts";
import { daemonRecordFile, readRecord } from "../../../../src/client/running_daemon.ts";
import { DAEMON_ENDPOINT } from "../../../../src/socket/endpoint.ts";

/**
 * Where a daemon may answer, the likeliest first, as the command line looks for it: the setting, else
 * `HAFT_SOCKET`, else where the running daemon says that it listens, else the usual place. Starts nothing.
 */
export function daemonSockets(setting: string, env: Env): string[] {
  const named = setting === "" ? envValue(env, "HAFT_SOCKET") : setting;
  if (named !== undefined) return [named];
  const usual = resolveEndpoint(DAEMON_ENDPOINT, { env });
  const recorded = recordedSocket(env);
  return recorded === undefined || recorded === usual ? [usual] : [recorded, usual];
}

function recordedSocket(env: Env): string | undefined {
  const home = envValue(env, "HOME") ?? homedir();
  const { state } = resolvePaths({ env, platform: process.platform, home });
  try {
    return readRecord(daemonRecordFile(state))?.socket;
  } catch {
    // Written at this moment, or damaged: the usual place is asked.
    return undefined;
  }
}
