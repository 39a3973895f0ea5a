import type { Clock } from "../../../src/process/clock.ts";
import type { ProcessIdentity, ProcessInfo, ProcessTable } from "../../../src/process/process_table.ts";
import type { SpawnedProcess, Spawner, SpawnSpec } from "../../../src/process/spawner.ts";
import type { Exit } from "../../../src/process/exit.ts";

/** Time that goes on when a test says so. */
export class FakeClock implements Clock {
  #now = 1_000;
  /** Milliseconds that somebody has set the wall clock forward. */
  wallShift = 0;
  readonly #timers = new Set<{ at: number; call: () => void }>();

  monotonic(): number {
    return this.#now;
  }

  wall(): number {
    return this.#now + this.wallShift;
  }

  after(ms: number, call: () => void): Disposable {
    const timer = { at: this.#now + ms, call };
    this.#timers.add(timer);
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) };
  }

  get timers(): number {
    return this.#timers.size;
  }

  /** Lets time pass, and everything that it causes happen. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settle();
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.call();
    }
    this.#now = end;
    await settle();
  }
}

/** Lets promises that wait for nothing but each other settle. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

interface FakeProcess extends ProcessInfo {
  marker: string | undefined;
  /** The rest of its environment. */
  variables?: Readonly<Record<string, string>>;
  /** Signals that it does not mind. */
  ignores: readonly string[];
  end: (exit: Exit) => void;
}

/** A system's processes, in memory. */
export class FakeSystem implements ProcessTable, Spawner {
  readonly processes = new Map<number, FakeProcess>();
  readonly signals: [pid: number, signal: string | 0][] = [];
  readonly specs: SpawnSpec[] = [];
  boot = "boot";
  ignores: readonly string[] = [];
  failure: Error | undefined;
  /** Until it resolves, nothing is spawned. */
  gate: Promise<void> = Promise.resolve();
  #next = 100;

  bootId = () => this.boot;
  find = (pid: number) => this.processes.get(pid);
  all = () => [...this.processes.values()];
  variable = (pid: number, name: string) => {
    const found = this.processes.get(pid);
    return name === "HAFT_APP_ID" ? found?.marker : found?.variables?.[name];
  };
  isStopped = (pid: number) => this.processes.get(pid)?.state !== "R";
  residentBytes = () => 1_000;

  kill(pid: number, signal: string | 0): void {
    this.signals.push([pid, signal]);
    const targets = this.all().filter((info) => pid < 0 ? info.group === -pid : info.pid === pid);
    if (targets.length === 0) throw Object.assign(new Error("ESRCH"), { code: "ESRCH" });
    for (const target of targets) {
      if (typeof signal !== "string" || target.ignores.includes(signal)) continue;
      if (["SIGTERM", "SIGKILL", "SIGINT"].includes(signal)) this.exit(target.pid, { code: null, signal });
    }
  }

  async spawn(spec: SpawnSpec): Promise<SpawnedProcess> {
    this.specs.push(spec);
    await this.gate;
    if (this.failure !== undefined) throw this.failure;
    const exited = Promise.withResolvers<Exit>();
    const identity = this.add({ marker: spec.env["HAFT_APP_ID"], end: exited.resolve });
    return { identity, exited: exited.promise };
  }

  add({ group, parent = 1, marker, end = () => {} }: {
    group?: number;
    parent?: number;
    marker?: string | undefined;
    end?: (exit: Exit) => void;
  }): ProcessIdentity {
    const pid = this.#next++;
    const startTime = `${pid}-start`;
    this.processes.set(pid, {
      pid,
      parent,
      group: group ?? pid,
      session: group ?? pid,
      state: "R",
      startTime,
      cpuSeconds: 0,
      marker,
      ignores: this.ignores,
      end,
    });
    return { pid, startTime, bootId: this.boot };
  }

  exit(pid: number, exit: Exit): void {
    const found = this.processes.get(pid);
    this.processes.delete(pid);
    found?.end(exit);
  }
}
