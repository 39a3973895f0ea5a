/** The syncs of several hosts as one: a row for each host and tool, and sums at the end. */
import type { SyncEvent } from "../../protocol/sync_event.ts";
import type { SyncAudience } from "../sync_observer.ts";

type Finished = Extract<SyncEvent, { type: "sync.finished" }>;

const COUNTS = ["installed", "present", "needed", "skipped", "failed", "cancelled", "bytes"] as const;

export class HostsBoard {
  readonly #audience: SyncAudience;
  readonly #begun = performance.now();
  readonly #sums: Record<typeof COUNTS[number], number> = {
    installed: 0,
    present: 0,
    needed: 0,
    skipped: 0,
    failed: 0,
    cancelled: 0,
    bytes: 0,
  };
  readonly #hosts: number;
  #ok = true;

  constructor(audience: SyncAudience, { hosts }: { hosts: number }) {
    this.#audience = audience;
    this.#hosts = hosts;
    audience.event({ type: "sync.started", root: "", tools: [], jobs: hosts });
  }

  event(host: string, event: SyncEvent): void {
    switch (event.type) {
      case "sync.started":
        for (const { tool, request } of event.tools) {
          this.#audience.event({ type: "tool.queued", tool: `${host} ${tool}`, version: request });
        }
        return;
      case "sync.finished":
        return this.#add(event);
      case "lock.written":
        return this.#audience.event({ ...event, path: `${host}:${event.path}` });
      default:
        return this.#audience.event({ ...event, tool: `${host} ${event.tool}` });
    }
  }

  /** The host did not sync: it is silent, refuses, or has no such project. */
  failed(host: string, { error, next }: { error: string; next: string | null }): void {
    this.#ok = false;
    this.#sums.failed++;
    this.#audience.event({ type: "tool.failed", tool: host, version: null, error, next });
  }

  async close(): Promise<void> {
    const duration_ms = Math.round(performance.now() - this.#begun);
    const store = `${this.#hosts} ${this.#hosts === 1 ? "host" : "hosts"}`;
    this.#audience.event({ type: "sync.finished", ok: this.#ok, ...this.#sums, duration_ms, store });
    await this.#audience.close();
  }

  #add(finished: Finished): void {
    this.#ok &&= finished.ok;
    for (const name of COUNTS) this.#sums[name] += finished[name];
  }
}
