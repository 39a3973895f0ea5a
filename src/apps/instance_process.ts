import { randomBytes } from "node:crypto";
import { errorMessage } from "../base/errors.ts";
import { pause } from "../process/clock.ts";
import { type Exit, isCleanExit, UNKNOWN_EXIT } from "../process/exit.ts";
import { exitOf } from "../process/known_exits.ts";
import { findSame, MARKER_VARIABLE, type ProcessIdentity } from "../process/process_table.ts";
import { findTreeSoon, type TreeQuery, treeSize } from "../process/process_tree.ts";
import { stopTree } from "../process/stop_tree.ts";
import { findRecorded } from "./adopt_instance.ts";
import type { AppConfig } from "./config/app_schema.ts";
import { forkedProcess } from "./forked_process.ts";
import type { InstanceHost, LaunchPlan } from "./instance_host.ts";
import { InstanceHooks } from "./instance_hooks.ts";
import type { InstanceRecord } from "./journal/app_record.ts";

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
  #hooks: InstanceHooks | undefined;
  #postStart = new AbortController();
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
    const { markerPrefix, owner } = this.#host;
    return { leader, markerPrefix, owner, watched: leader !== undefined };
  }

  get startedAt(): number | undefined {
    return this.#startedAt;
  }

  /** Milliseconds since its start; undefined when it does not run. */
  get uptimeMs(): number | undefined {
    return this.#identity === undefined ? undefined : this.#host.clock.monotonic() - this.#begun;
  }

  /** Its commands; undefined when nothing is known of its environment. */
  get hooks(): InstanceHooks | undefined {
    return this.#hooks;
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

  /** @param signal ends what runs before it @throws {HaftError} when it cannot be started */
  async start(
    plan: LaunchPlan,
    logs: { stdout: string; stderr: string },
    signal: AbortSignal,
  ): Promise<ProcessIdentity | undefined> {
    const { spawner, markerPrefix, commit, clock } = this.#host;
    const { spec, config } = plan;
    this.#nonce = randomBytes(6).toString("hex");
    this.#identity = undefined;
    this.#exit = undefined;
    // The journal has the mark before there is a process: a daemon that dies now leaves none that the next
    // does not know.
    commit();
    this.surroundedBy(plan, logs);
    await this.#hooks?.preStart(config, signal);
    if (signal.aborted) return undefined;
    const env = { ...spec.env, [MARKER_VARIABLE]: `${markerPrefix}/${this.#nonce}` };
    const { identity, exited } = await spawner.spawn({ ...spec, env, ...logs });
    this.#identity = identity;
    this.#begun = clock.monotonic();
    this.#startedAt = clock.wall();
    this.#exited = exited.then((exit) => this.#onExit(identity, exit, config));
    this.#postStart = new AbortController();
    void this.#hooks?.run("post_start", config, { signal: this.#postStart.signal, pid: identity.pid });
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
    this.#exited = exits.ended(identity).then((exit) => this.#onExit(identity, exit, undefined));
    return identity;
  }

  /** Where its commands run, for one that is adopted, too. */
  surroundedBy(plan: LaunchPlan, logs: { stdout: string; stderr: string }): void {
    this.#hooks = new InstanceHooks({
      plan,
      logs,
      marker: `${this.#host.markerPrefix}/${this.#nonce}`,
      onNote: this.#options.onNote,
    });
  }

  /** The process of a record has ended. How is known where the daemon before this one could learn it. */
  lost({ process }: InstanceRecord, pid: number): void {
    const exit = this.#exit = process === null ? UNKNOWN_EXIT : exitOf(process) ?? UNKNOWN_EXIT;
    this.#host.emit("app.process_exited", { pid, exit_code: exit.code, signal: exit.signal });
  }

  /** Whether others of its tree live, or may: the stop of all finds out what cannot be seen now. */
  async hasOthers(): Promise<boolean> {
    try {
      return treeSize(await findTreeSoon(this.#host, () => this.tree)) > 0;
    } catch {
      return true;
    }
  }

  /** Resolves when no process is left, or it was detached. Tries again for as long as one is. */
  async stop(config: AppConfig | undefined): Promise<void> {
    if (this.#nonce === undefined) return;
    const { clock, exits } = this.#host;
    this.#postStart.abort();
    const told = config !== undefined && !this.#detached && await this.#tellToStop(config);
    while (!this.#detached && !await this.#tryStop(config, { told })) await pause(clock, STOP_AGAIN_MS);
    if (this.#identity !== undefined) {
      // The notice of its end may come a moment after the end.
      exits.look(this.#identity);
      await Promise.race([this.#exited, pause(clock, STOP_AGAIN_MS)]);
    }
    if (config !== undefined && !this.#detached) {
      await this.#hooks?.run("post_stop", config, { timeoutMs: config.stop_timeout });
    }
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

  /** @param config what it was started with; undefined when it was no child of this daemon */
  async #onExit(identity: ProcessIdentity, exit: Exit, config: AppConfig | undefined): Promise<void> {
    if (this.#identity !== identity || this.#detached) return;
    if (config?.pid_file !== undefined && isCleanExit(exit) && await this.#followFork(config.pid_file)) {
      return;
    }
    this.#exit = exit;
    this.#host.emit("app.process_exited", { pid: identity.pid, exit_code: exit.code, signal: exit.signal });
    this.#options.onExit(exit);
  }

  /** Goes on with the process that the command left behind. @returns whether there is one */
  async #followFork(file: string): Promise<boolean> {
    const { exits, emit, changed } = this.#host;
    const { cwd = "/" } = this.#hooks?.place ?? {};
    const identity = await forkedProcess(this.#host, { file, cwd, tree: this.tree });
    if (identity === undefined || this.#detached) return false;
    this.#identity = identity;
    this.#exited = exits.ended(identity).then((exit) => this.#onExit(identity, exit, undefined));
    emit("app.process_started", { pid: identity.pid, adopted: false, changed: [] });
    changed();
    return true;
  }

  /** What comes before a signal. @returns whether a command of its own has told it to end */
  async #tellToStop(config: AppConfig): Promise<boolean> {
    const identity = this.#identity;
    if (identity === undefined || findSame(this.#host.table, identity) === undefined) return false;
    const options = { timeoutMs: config.stop_timeout, pid: identity.pid };
    await this.#hooks?.run("pre_stop", config, options);
    return await this.#hooks?.run("stop_command", config, options) ?? false;
  }

  async #tryStop(config: AppConfig | undefined, { told }: { told: boolean }): Promise<boolean> {
    const { table, clock } = this.#host;
    const { stop_signal: usual = "SIGTERM", stop_timeout: timeoutMs = 10_000 } = config ?? {};
    const signal = told ? undefined : usual;
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
