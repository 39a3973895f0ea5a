/**
 * How a daemon gives its place to another program in the same process. The pid stays, and with it the
 * children, whose ends only their parent learns. Descriptors and what no file may keep go along.
 */
import { closeSync, openSync, readFileSync, unlinkSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import * as v from "valibot";
import type { Env } from "../base/env.ts";
import { HaftError } from "../base/errors.ts";
import { randomId } from "../base/random_id.ts";
import { restoreUsersUmask } from "../base/umask.ts";
import { exitsToHandOver, takeOverExits } from "../process/known_exits.ts";
import { hostProcessTable } from "../process/host_process_table.ts";
import { runtime, type Succession } from "../runtime/mod.ts";

/** The program that takes the place. */
export interface Successor {
  /** What it is called with; a descriptor that has the {@link Legacy} is added. */
  command: readonly string[];
  env: Env;
}

/** How a daemon ends. */
export interface StopOptions {
  /** Leave apps and tasks to the next daemon. */
  keepApps?: boolean;
  /** The program that takes this one's place, which keeps apps and tasks. */
  successor?: Successor | undefined;
}

const Exit = v.object({ code: v.nullable(v.number()), signal: v.nullable(v.string()) });

const Legacy = v.object({
  /**
   * Descriptors that stay open: the lock of the state directory, and listening sockets that were inherited.
   */
  lock: v.number(),
  listeners: v.array(v.number()),
  /** How children ended, as far as it was seen. */
  exits: v.array(v.tuple([v.string(), Exit])),
  /** Task → its caller's environment. */
  environments: v.record(v.string(), v.record(v.string(), v.string())),
});
export type Legacy = v.InferOutput<typeof Legacy>;

/** @throws {HaftError} where no program can take the place of this one */
export function requireSuccession(): Succession {
  if (runtime.succession !== undefined) return runtime.succession;
  throw new HaftError("No other program can take this one's place here", {
    next: 'Run "haft daemon stop --keep-apps", then "haft daemon start"',
  });
}

/**
 * Runs the successor in this process's place. The legacy goes through a file without a name, since it holds
 * environments of callers, which no other process may read.
 *
 * @param socket in whose private directory that file is made
 */
export function handOver(
  { command: [file = "", ...args], env }: Successor,
  legacy: Omit<Legacy, "exits">,
  socket: string,
): never {
  const { inheritable, become } = requireSuccession();
  const path = join(dirname(socket), `.legacy-${randomId()}`);
  const descriptor = openSync(path, "wx+", 0o600);
  unlinkSync(path);
  const bytes = new TextEncoder().encode(JSON.stringify({ ...legacy, exits: exitsToHandOver() }));
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at, undefined, at);
  restoreUsersUmask();
  return become(file, [...args, "--take-over", `${inheritable(descriptor)}`], { env });
}

/** Call it before any process is started. @throws when the descriptor has no legacy */
export function takeOver(descriptor: number): Legacy {
  const legacy = v.parse(Legacy, JSON.parse(readFileSync(`/dev/fd/${descriptor}`, "utf8")));
  closeSync(descriptor);
  takeOverExits(legacy.exits, hostProcessTable(), process.pid);
  return legacy;
}
