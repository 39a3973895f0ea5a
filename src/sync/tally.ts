import type { SyncEvent } from "../protocol/sync_event.ts";

type Counts = Omit<Extract<SyncEvent, { type: "sync.finished" }>, "type" | "ok" | "duration_ms" | "store">;

const OUTCOMES: ReadonlySet<SyncEvent["type"]> = new Set([
  "tool.skipped",
  "tool.present",
  "tool.needed",
  "tool.installed",
  "tool.failed",
  "tool.cancelled",
]);

/** Counts outcomes from the events themselves, so that the last event never disagrees with those before it. */
export class Tally {
  readonly counts: Counts = {
    installed: 0,
    present: 0,
    needed: 0,
    skipped: 0,
    failed: 0,
    cancelled: 0,
    bytes: 0,
  };

  readonly #settled = new Set<string>();
  readonly #versions = new Map<string, string>();

  add(event: SyncEvent): void {
    if ("version" in event && event.version !== null) this.#versions.set(event.tool, event.version);
    if ("tool" in event && OUTCOMES.has(event.type)) this.#settled.add(event.tool);
    switch (event.type) {
      case "tool.installed":
        this.counts[event.already_installed ? "present" : "installed"]++;
        this.counts.bytes += event.bytes;
        break;
      case "tool.present":
        this.counts.present++;
        break;
      case "tool.needed":
        this.counts.needed++;
        break;
      case "tool.skipped":
        this.counts.skipped++;
        break;
      case "tool.failed":
        this.counts.failed++;
        break;
      case "tool.cancelled":
        this.counts.cancelled++;
        break;
    }
  }

  /** Whether it is known how the tool's part ended. */
  settled(tool: string): boolean {
    return this.#settled.has(tool);
  }

  version(tool: string): string | null {
    return this.#versions.get(tool) ?? null;
  }

  /** Whether nothing failed and nothing was left undone. What is only `needed` is for the caller to judge. */
  get ok(): boolean {
    return this.counts.failed + this.counts.cancelled === 0;
  }
}
