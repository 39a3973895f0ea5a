import { randomBytes } from "node:crypto";
import { appendFileSync } from "node:fs";
import type { ProcessIdentity } from "../process/process_table.ts";
import { LocalSocketServer } from "../channel/mod.ts";
import type { BackendConfig } from "./backend_schema.ts";
import { channelLink } from "./channel_link.ts";
import type { BackendLink, OnBackendEvent } from "./link.ts";
import { packedLink } from "./packed_link.ts";
import { startProcess } from "../process/start_process.ts";

/** One process of a backend, and the conversation with it. */
export interface Run {
  readonly pid: number;
  readonly identity: ProcessIdentity;
  readonly marker: string;
  readonly link: BackendLink;
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
  /** Milliseconds, monotonic. */
  readonly begun: number;
  /** Resolves when its end is handled. */
  ended: Promise<void>;
  /** Empty until it is ready. */
  handlers: string[];
  /** Why the daemon ended it, other than by a stop. */
  failure: string | undefined;
}

export interface RunOptions {
  name: string;
  config: BackendConfig;
  file: string;
  args: readonly string[];
  verbatim: boolean;
  cwd: string;
  env: Readonly<Record<string, string>>;
  log: string;
}

export interface RunHooks {
  onStarted: (pid: number) => void;
  onEvent: OnBackendEvent;
  /** Milliseconds that it has to become ready. */
  ready: number;
}

/**
 * Starts a backend's process; its link may not be ready yet.
 *
 * @throws {HaftError} when it cannot be started
 */
export async function openRun(options: RunOptions, { onStarted, onEvent, ready }: RunHooks): Promise<Run> {
  const { config, log } = options;
  const marker = `backend-${randomBytes(6).toString("hex")}`;
  const begun = performance.now();
  const legacy = config.mode === "legacy";
  const server = legacy ? undefined : await LocalSocketServer.listen(`${marker}`);
  const abort = new AbortController();
  const env: Record<string, string> = {
    ...options.env,
    HAFT_IPC_MODE: config.mode,
    ...(server === undefined ? {} : { HAFT_IPC_CHANNEL: server.path }),
  };
  let started: Awaited<ReturnType<typeof startProcess>>;
  try {
    started = await startProcess({ ...options, env, pipes: legacy, marker });
  } catch (error) {
    await server?.close();
    throw error;
  }
  const { child, identity, exited } = started;
  onStarted(identity.pid);
  const { stdin, stdout } = child;
  const link = server !== undefined
    ? channelLink(server, { onEvent, timeoutMs: ready, signal: abort.signal })
    : stdin !== null && stdout !== null
    ? packedLink({ stdin, stdout }, {
      onEvent,
      timeoutMs: ready,
      onLog: (line) => appendFileSync(log, `${line}\n`),
    })
    : undefined;
  if (link === undefined) throw new Error("a legacy backend was started without pipes");
  // End the wait for `ready` when the process ends first.
  void exited.then(({ code, signal }) =>
    abort.abort(new Error(`it ended with ${signal ?? `code ${code}`} before it was ready`))
  );
  link.ready.catch(() => {});
  return {
    pid: identity.pid,
    identity,
    marker,
    link,
    exited,
    begun,
    ended: Promise.resolve(),
    handlers: [],
    failure: undefined,
  };
}
