import { randomBytes } from "node:crypto";
import { errorMessage } from "../base/errors.ts";
import { pause } from "../process/clock.ts";
import type { Exit } from "../process/exit.ts";
import { MARKER_VARIABLE, type ProcessIdentity } from "../process/process_table.ts";
import { findTree, type TreeQuery, treeSize } from "../process/process_tree.ts";
import { stopTree } from "../process/stop_tree.ts";
import { findRecorded } from "./adopt_instance.ts";
import type { AppConfig } from "./config/app_schema.ts";
import type { InstanceHost, LaunchPlan } from "./instance_host.ts";
import type { InstanceRecord } from "./journal/app_record.ts";

const UNKNOWN_EXIT: Exit = { code: null, signal: null };

/** Milliseconds until a tree that could not be stopped is tried again. */
const STOP_AGAIN_MS = 1_000;

export interface InstanceProcessOptions {
  host: InstanceHost;
  /** The first process has ended; others of its tree may live. */
  onExit: (exit: Exit) => void;
  /** Why a stop takes long. */
  onNote: (reason: string) => void;
}

/** The processes of one instance: started or adopted, known by their mark, stopped as a whole tree. */
export class InstanceProcess {
  readonly #host: InstanceHost;
  readonly #options: InstanceProcessOptions;
  #nonce: string | undefined;
  #identity: ProcessIdentity | undefined;
  #exit: Exit | undefined;
  /** Resolves when the first process has ended and that was noted. */
  #exited: Promise<void> = Promise.resolve();
  #startedAt: number | undefined;
  #begun = 0;
  #env: Readonly<Record<string, string>> = {};
  #cwd = "/";
  #detached = false;

  constructor(options: InstanceProcessOptions) {
    this.#options = options;
    this.#host = options.host;
  }

  /** The first process, while it or others of its tree live. */
  get identity(): ProcessIdentity | undefined {
    return this.#identity;
  }

  /** How the last one ended; undefined while it runs. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** What finds its processes. */
  get tree(): TreeQuery {
    const leader = this.#identity;
    return { leader, markerPrefix: this.#host.markerPrefix, watched: leader !== undefined };
  }

  get startedAt(): number | undefined {
    return this.#startedAt;
  }

  /** Milliseconds since its start; undefined when it does not run. */
  get uptimeMs(): number | undefined {
    return this.#identity === undefined ? undefined : this.#host.clock.monotonic() - this.#begun;
  }

  /** Where it runs and with which variables. */
  get surroundings(): { cwd: string; env: Readonly<Record<string, string>> } {
    return { cwd: this.#cwd, env: this.#env };
  }

  /** What the journal keeps. */
  get record(): Pick<InstanceRecord, "nonce" | "process" | "started_at" | "exit"> {
    return {
      nonce: this.#nonce ?? null,
      process: this.#identity ?? null,
      started_at: this.#startedAt ?? null,
      exit: this.#exit ?? null,
    };
  }

  /** @throws {HaftError} when it cannot be started */
  async start(
    { spec }: LaunchPlan,
    { stdout, stderr }: { stdout: string; stderr: string },
  ): Promise<ProcessIdentity> {
    const { spawner, markerPrefix, commit, clock } = this.#host;
    this.#nonce = randomBytes(6).toString("hex");
    this.#identity = undefined;
    this.#exit = undefined;
    // The journal has the mark before there is a process: a daemon that dies now leaves none that the next
    // does not know.
    commit();
    this.#env = spec.env;
    this.#cwd = spec.cwd;
    const env = { ...spec.env, [MARKER_VARIABLE]: `${markerPrefix}/${this.#nonce}` };
    const { identity, exited } = await spawner.spawn({ ...spec, env, stdout, stderr });
    this.#identity = identity;
    this.#begun = clock.monotonic();
    this.#startedAt = clock.wall();
    this.#exited = exited.then((exit) => this.#onExit(identity, exit));
    return identity;
  }

  /** Takes over the process of a record, when it lives. */
  adopt(record: InstanceRecord): ProcessIdentity | undefined {
    const { table, markerPrefix, clock, exits } = this.#host;
    this.#nonce = record.nonce ?? undefined;
    this.#exit = record.exit ?? undefined;
    this.#startedAt = record.started_at ?? undefined;
    const identity = findRecorded(record, { table, markerPrefix });
    if (identity === undefined) return undefined;
    this.#identity = identity;
    this.#startedAt ??= clock.wall();
    this.#begun = clock.monotonic() - Math.max(0, clock.wall() - this.#startedAt);
    this.#exited = exits.ended(identity).then(() => this.#onExit(identity, UNKNOWN_EXIT));
    return identity;
  }

  /** What a check by a command needs of an adopted process. */
  surroundedBy({ spec }: LaunchPlan): void {
    this.#env = spec.env;
    this.#cwd = spec.cwd;
  }

  /** Its end was not seen. */
  lost(): void {
    this.#exit = UNKNOWN_EXIT;
  }

  /** Whether others of its tree live. */
  hasOthers(): boolean {
    return treeSize(findTree(this.#host.table, this.tree)) > 0;
  }

  /** Resolves when no process is left, or it was detached. Tries again for as long as one is. */
  async stop(config: AppConfig | undefined): Promise<void> {
    if (this.#nonce === undefined) return;
    const { clock, exits } = this.#host;
    while (!this.#detached && !await this.#tryStop(config)) await pause(clock, STOP_AGAIN_MS);
    if (this.#identity === undefined) return;
    // The notice of its end may come a moment after the end.
    exits.look();
    await Promise.race([this.#exited, pause(clock, STOP_AGAIN_MS)]);
  }

  /** Nothing of it is left. @returns how it ended */
  clear(): Exit {
    this.#identity = undefined;
    return this.#exit ?? UNKNOWN_EXIT;
  }

  /** Leaves it as it is. */
  detach(): void {
    this.#detached = true;
  }

  #onExit(identity: ProcessIdentity, exit: Exit): void {
    if (this.#identity !== identity || this.#detached) return;
    this.#exit = exit;
    this.#host.emit("app.process_exited", { pid: identity.pid, exit_code: exit.code, signal: exit.signal });
    this.#options.onExit(exit);
  }

  async #tryStop(config: AppConfig | undefined): Promise<boolean> {
    const { table, clock } = this.#host;
    const { stop_signal: signal = "SIGTERM", stop_timeout: timeoutMs = 10_000 } = config ?? {};
    try {
      const { strays, left } = await stopTree({ table, clock }, this.tree, { signal, timeoutMs });
      if (strays.length > 0) this.#host.emit("app.processes_left", { pids: strays });
      if (left.length === 0) return true;
      this.#options.onNote(`process ${left.join(", ")} does not end, not even by SIGKILL`);
    } catch (error) {
      this.#options.onNote(`cannot be stopped: ${errorMessage(error)}`);
    }
    return false;
  }
}
