import { asHaftError } from "../base/errors.ts";
import type { SyncEvent } from "../protocol/sync_event.ts";
import { UnreachableSourceError } from "../tools/resolve/unreachable_source_error.ts";

export type SyncFinished = Extract<SyncEvent, { type: "sync.finished" }>;

type Counts = Omit<SyncFinished, "type" | "ok" | "duration_ms" | "store">;

const OUTCOMES: ReadonlySet<SyncEvent["type"]> = new Set([
  "tool.skipped",
  "tool.present",
  "tool.needed",
  "tool.installed",
  "tool.failed",
  "tool.cancelled",
]);

/** What a run of several installs is about. */
export interface Run {
  root: string;
  tools: { tool: string; request: string }[];
  jobs: number;
  /** The store's directory. */
  store: string;
  /** Whether tools that are only `needed` make the run a failure. */
  neededFails?: boolean;
}

/**
 * Runs `work` between a `sync.started` and the `sync.finished` that its events add up to; a tool of which
 * they do not tell the end was cancelled.
 */
export async function tallied(
  { root, tools, jobs, store, neededFails = false }: Run,
  emit: (event: SyncEvent) => void,
  work: (emit: (event: SyncEvent) => void) => Promise<void>,
): Promise<SyncFinished> {
  const begun = performance.now();
  const tally = new Tally();
  const tell = (event: SyncEvent) => {
    tally.add(event);
    emit(event);
  };
  tell({ type: "sync.started", root, tools, jobs });
  await work(tell);
  for (const { tool } of tools) {
    if (!tally.settled(tool)) tell({ type: "tool.cancelled", tool, version: tally.version(tool) });
  }
  const finished: SyncFinished = {
    type: "sync.finished",
    ok: tally.ok && !(neededFails && tally.counts.needed > 0),
    ...tally.counts,
    duration_ms: Math.round(performance.now() - begun),
    store,
  };
  tell(finished);
  return finished;
}

/** The event of a tool that could not be installed. */
export function toolFailed(tool: string, version: string | null, error: unknown): SyncEvent {
  const { message, next = null } = asHaftError(error);
  const failed = { type: "tool.failed" as const, tool, version, error: message, next };
  return error instanceof UnreachableSourceError ? { ...failed, other_source: error.otherSource } : failed;
}

/**
 * Counts outcomes from the events themselves, so that the last event never disagrees with those before it.
 */
class Tally {
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
