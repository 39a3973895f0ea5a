/**
 * One app that the fleet may run here. It runs while this host has the lease of a copy: started after the
 * lease was taken, stopped before another host can take it. Looks come every moment, and each does what is to
 * be done then; nothing depends on having seen every change.
 */
import { callerEnvironment } from "../../base/caller_environment.ts";
import type { Env } from "../../base/env.ts";
import { errorMessage } from "../../base/errors.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import type { AppStatus } from "../../protocol/methods/app_methods.ts";
import type { AppSpec, CopyReport, PlacedCopy } from "./app_message.ts";
import { leaseId } from "./app_message.ts";
import type { KeptCopy } from "./copies_file.ts";
import { type Instant, instantAt, longAgo } from "./elapsed.ts";
import { KILL, Lease } from "./lease.ts";
import type { LeaseLog } from "./lease_log.ts";

export interface HostedAppDeps {
  instance: string;
  /** Names this run of the system. */
  bootId: string;
  limitMs: number;
  /** The longest that the fleet ever had. */
  longestMs: number;
  daemon: () => Promise<DaemonClient>;
  /** The daemon's environment. */
  env: Env;
  log: (line: string) => void;
  /** What {@link HostedApp.kept} says has changed. */
  changed: () => void;
}

/** What is to run here. */
export interface Wanted extends Pick<PlacedCopy, "copy" | "run"> {
  onLost: AppSpec["on_lost"];
  /** What this host has heard of its lease last, and since when. */
  seen: { seq: number; since: Instant; term: number } | undefined;
  /** Why it cannot be started now; undefined when it can. */
  hindrance: () => string | undefined;
}

export type CopyState = Pick<CopyReport, "refused" | "copy" | "run" | "state" | "reason" | "pid">;

export const NO_COPY: CopyState = {
  refused: null,
  copy: null,
  run: null,
  state: null,
  reason: null,
  pid: null,
};

const UNSURE = "the server has not confirmed its lease";
const DOWN = new Set(["stopped", "crashed", "exhausted"]);
/** Seconds that an app without a health check has to run to be well. */
const SETTLED_SECS = 1;

export class HostedApp {
  readonly id: string;
  readonly #place: { root: string; name: string };
  readonly #deps: HostedAppDeps;
  #copy: number | undefined;
  #lease: Lease | undefined;
  /** The run that was started here. */
  #run: number | undefined;
  #onLost: AppSpec["on_lost"] = "stop";
  /** Something of it may run. */
  #mayRun = false;
  #stopping: Promise<void> | undefined;
  #busy = false;

  constructor(id: string, place: { root: string; name: string }, deps: HostedAppDeps) {
    this.id = id;
    this.#place = place;
    this.#deps = deps;
  }

  /** Goes on where an earlier life of the daemon ended. */
  adopt({ copy, run, on_lost: onLost, seq, term, uptime, boot }: KeptCopy): void {
    this.#copy = copy;
    this.#run = run ?? undefined;
    this.#onLost = onLost;
    this.#mayRun = true;
    // Times of another run of the system say nothing of this one.
    const since = boot === this.#deps.bootId ? instantAt(uptime) : longAgo();
    this.#lease = this.#newLease(copy, { seq, term, since });
  }

  /** Whether it is the app of that name and directory. */
  isAt({ root, name }: { root: string; name: string }): boolean {
    return this.#place.root === root && this.#place.name === name;
  }

  /** Whether there is something here that has to be looked after. */
  get isActive(): boolean {
    return this.#mayRun || this.#lease?.held !== undefined || this.#busy;
  }

  get kept(): KeptCopy | undefined {
    const held = this.#lease?.held;
    if (held === undefined || this.#copy === undefined) return undefined;
    return {
      id: this.id,
      ...this.#place,
      copy: this.#copy,
      run: this.#run ?? null,
      on_lost: this.#onLost,
      seq: held.seq,
      term: held.term,
      limit_ms: this.#deps.limitMs,
      uptime: held.since.uptime,
      boot: this.#deps.bootId,
    };
  }

  /** Renews the lease, and stops the app in time where that does not succeed. It waits for no other work. */
  async guard(leases: LeaseLog | undefined): Promise<void> {
    const lease = this.#lease;
    if (lease === undefined) return;
    const { log, limitMs, changed } = this.#deps;
    if (leases !== undefined && lease.isDue) {
      void lease.renew(leases).then((isOwn) => {
        if (!isOwn) log(`fleet: another host has copy ${this.#copy} of ${this.#words}`);
        changed();
      }, () => {});
    }
    const isLost = lease.held === undefined || (!lease.isSure && this.#onLost === "stop");
    if (!isLost || !this.#mayRun || this.#stopping !== undefined) return;
    log(
      `fleet: ${this.#words} is stopped here: the fleet has not heard of this host for ${limitMs / 2000} s`,
    );
    await this.#stop({ withinMs: limitMs * KILL });
  }

  /** Does what brings it nearer to what is wanted. @returns undefined while it is still at it */
  async settle(wanted: Wanted | undefined, leases: LeaseLog): Promise<CopyState | undefined> {
    if (this.#busy) return undefined;
    this.#busy = true;
    try {
      if (wanted === undefined || (this.#copy !== undefined && this.#copy !== wanted.copy)) {
        await this.#leave(leases);
        if (wanted === undefined) return NO_COPY;
      }
      this.#onLost = wanted.onLost;
      return await this.#toward(wanted, leases);
    } finally {
      this.#busy = false;
    }
  }

  /** Stops it, and gives its lease back where the server answers. */
  async end(leases: LeaseLog | undefined): Promise<void> {
    await this.#stop({ withinMs: this.#deps.limitMs * KILL });
    if (leases !== undefined) await this.#lease?.release(leases).catch(() => {});
    this.#lease?.drop();
    this.#deps.changed();
  }

  async #toward(wanted: Wanted, leases: LeaseLog): Promise<CopyState> {
    const { copy, run, seen } = wanted;
    this.#copy = copy;
    const lease = this.#lease ??= this.#newLease(copy);
    if (lease.held === undefined) {
      // Another host had it meanwhile, or has it.
      if (this.#mayRun) await this.#stop({});
      const hindrance = wanted.hindrance();
      if (hindrance !== undefined) return { ...NO_COPY, refused: hindrance };
      if (seen !== undefined) lease.observe(seen);
      const holder = await lease.take(leases);
      this.#deps.changed();
      if (holder !== undefined) {
        const reason = `waits until ${holder} gives it back, or is silent for ${this.#deps.limitMs / 1000} s`;
        return { ...NO_COPY, copy, state: "waiting", reason };
      }
    }
    if (!lease.isSure) return { ...NO_COPY, copy, state: "waiting", reason: UNSURE };
    const before = await this.#status();
    const isStopped = before === undefined || before.desired === "stopped" ||
      (this.#run === undefined && DOWN.has(before.state));
    if (!isStopped && this.#run === run) return this.#stateOf(before, copy);
    const hindrance = wanted.hindrance();
    if (hindrance !== undefined) {
      if (!isStopped) return { ...this.#stateOf(before, copy), reason: `cannot be restarted: ${hindrance}` };
      await this.#leave(leases);
      return { ...NO_COPY, refused: hindrance };
    }
    return await this.#begin({ copy, run, isRestart: !isStopped && !DOWN.has(before.state) });
  }

  async #begin(
    { copy, run, isRestart }: { copy: number; run: number; isRestart: boolean },
  ): Promise<CopyState> {
    const { daemon, env, log, changed } = this.#deps;
    const { root, name } = this.#place;
    const client = await daemon();
    // A stop that was asked for meanwhile comes first.
    if (this.#lease?.isSure !== true || this.#stopping !== undefined) {
      return { ...NO_COPY, copy, state: "waiting", reason: UNSURE };
    }
    log(`fleet: copy ${copy} of ${this.#words} is ${isRestart ? "restarted" : "started"} here`);
    this.#mayRun = true;
    this.#run = run;
    changed();
    const request = {
      root,
      names: [name],
      env: { ...callerEnvironment(env), HAFT_FLEET_COPY: String(copy) },
    };
    const { apps, outcomes } = isRestart
      ? await client.request("app.restart", request)
      : await client.request("app.start", { ...request, placed: true });
    const [outcome] = outcomes.filter((one) => one.name === name);
    const [app] = apps.filter((one) => one.name === name);
    if (app !== undefined) return this.#stateOf(app, copy);
    return { ...NO_COPY, copy, run, state: "crashed", reason: outcome?.error ?? "it did not start" };
  }

  async #leave(leases: LeaseLog): Promise<void> {
    if (this.#mayRun) await this.#stop({});
    await this.#lease?.release(leases);
    this.#lease = undefined;
    this.#copy = undefined;
    this.#run = undefined;
    this.#deps.changed();
  }

  #stop({ withinMs }: { withinMs?: number }): Promise<void> {
    if (withinMs === undefined && this.#stopping !== undefined) return this.#stopping;
    const stopping = this.#stopNow(withinMs).finally(() => {
      if (this.#stopping === stopping) this.#stopping = undefined;
    });
    return this.#stopping = stopping;
  }

  async #stopNow(withinMs: number | undefined): Promise<void> {
    const { root, name } = this.#place;
    try {
      const client = await this.#deps.daemon();
      await client.request("app.stop", {
        root,
        names: [name],
        ...(withinMs === undefined ? {} : { within_ms: withinMs }),
      });
      this.#mayRun = false;
      this.#run = undefined;
    } catch (error) {
      // One that the daemon does not know does not run.
      if ((await this.#status().catch(() => undefined)) === undefined) this.#mayRun = false;
      else this.#deps.log(`fleet: ${this.#words} cannot be stopped: ${errorMessage(error)}`);
    }
  }

  async #status(): Promise<AppStatus | undefined> {
    const { root, name } = this.#place;
    const client = await this.#deps.daemon();
    const { apps } = await client.request("app.status", { root, names: [] });
    return apps.find((app) => app.name === name);
  }

  #stateOf({ state, instances, health_check: isChecked }: AppStatus, copy: number): CopyState {
    const [first] = instances;
    const isYoung = instances.some(({ uptime_secs: up }) => up !== null && up < SETTLED_SECS);
    // Until its check has passed, or it has run for a moment, it is not known to be well.
    const shown = state === "running" && (isChecked || isYoung) ? "starting" : state;
    return {
      refused: null,
      copy,
      run: this.#run ?? null,
      state: shown,
      reason: instances.find(({ reason }) => reason !== null)?.reason ?? null,
      pid: first?.pid ?? null,
    };
  }

  get #words(): string {
    return `app "${this.#place.name}" of ${this.#place.root}`;
  }

  #newLease(copy: number, known?: Lease["held"]): Lease {
    const { instance, limitMs, longestMs } = this.#deps;
    return new Lease({ kind: "lease", id: leaseId(this.id, copy), instance, limitMs, longestMs, known });
  }
}
