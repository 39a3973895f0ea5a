import type { Clock } from "./clock.ts";
import { groupMembers } from "./group_members.ts";
import type { ProcessIdentity, ProcessInfo, ProcessTable } from "./process_table.ts";

/** What an app's processes use, all together. */
export interface Usage {
  memoryBytes: number;
  /** 100 is one core; null until there are two samples. */
  cpuPercent: number | null;
}

interface Sample {
  at: number;
  /** By process, so that one that ended does not count as less than nothing. */
  cpuSeconds: Map<string, number>;
}

/** Measures the processes of apps. CPU is what was used since the sample before. */
export class UsageSampler {
  readonly #table: ProcessTable;
  readonly #clock: Clock;
  readonly #samples = new Map<string, Sample>();

  constructor({ table, clock }: { table: ProcessTable; clock: Clock }) {
    this.#table = table;
    this.#clock = clock;
  }

  /** One look for all of the leaders. */
  sample(leaders: readonly ProcessIdentity[]): Map<ProcessIdentity, Usage> {
    if (leaders.length === 0) return new Map();
    const found = new Map<ProcessIdentity, Usage>();
    const known = new Set<string>();
    for (const [leader, members] of groupMembers(this.#table, leaders)) {
      if (members.length === 0) continue;
      const name = nameOf(leader);
      known.add(name);
      found.set(leader, {
        memoryBytes: members.reduce(
          (sum, { pid, residentBytes }) => sum + (residentBytes ?? this.#table.residentBytes(pid) ?? 0),
          0,
        ),
        cpuPercent: this.#cpuPercent(name, members),
      });
    }
    for (const name of this.#samples.keys()) {
      if (this.#samples.size <= 4_096) break;
      if (!known.has(name)) this.#samples.delete(name);
    }
    return found;
  }

  #cpuPercent(name: string, members: readonly ProcessInfo[]): number | null {
    const before = this.#samples.get(name);
    const at = this.#clock.monotonic();
    const cpuSeconds = new Map(members.map((info) => [nameOf(info), info.cpuSeconds]));
    this.#samples.set(name, { at, cpuSeconds });
    if (before === undefined || at <= before.at) return null;
    let used = 0;
    for (const [process, seconds] of cpuSeconds) used += seconds - (before.cpuSeconds.get(process) ?? 0);
    return Math.round(Math.max(0, used) * 1_000_000 / (at - before.at)) / 10;
  }
}

function nameOf({ pid, startTime }: { pid: number; startTime: string }): string {
  return `${pid} ${startTime}`;
}
