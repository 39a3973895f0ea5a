import type { SourceName } from "./artifact.ts";
import type { InstallProgress } from "./install.ts";

/** Why a tool of the plan is not simply there. */
export type ToolNeed = "missing" | "different" | "unresolved" | "forced";

/**
 * What `haft sync` says while it works: the board, the plain lines and `--json` are three readers of this one
 * stream. The first is `sync.started`, the last `sync.finished`. Sizes are bytes, times milliseconds.
 */
export type SyncEvent =
  | {
    type: "sync.started";
    /** The project's directory. */
    root: string;
    /** Every tool that the project asks for, in its order. `request` is the version as written. */
    tools: { tool: string; request: string }[];
    jobs: number;
  }
  /** Not meant for this system (`os` of the manifest). */
  | { type: "tool.skipped"; tool: string; reason: string }
  | { type: "tool.present"; tool: string; version: string; path: string }
  /** `--check` and `--dry-run`: what a sync would have to do. */
  | { type: "tool.needed"; tool: string; version: string | null; need: ToolNeed; reason: string }
  | { type: "tool.resolving"; tool: string; request: string }
  | { type: "tool.queued"; tool: string; version: string }
  | { type: "tool.started"; tool: string; version: string; pid: number }
  | { type: "tool.progress"; tool: string; version: string; progress: InstallProgress }
  | {
    type: "tool.installed";
    tool: string;
    version: string;
    path: string;
    /** What was downloaded; 0 when the store already had it. */
    bytes: number;
    duration_ms: number;
    already_installed: boolean;
  }
  | {
    type: "tool.failed";
    tool: string;
    version: string | null;
    error: string;
    next: string | null;
    /** A source that has the tool, where its own cannot be reached. */
    other_source?: SourceName;
  }
  /** Not tried, or stopped: Ctrl-C, or another tool's failure under `--fail-fast`. */
  | { type: "tool.cancelled"; tool: string; version: string | null }
  | { type: "lock.written"; path: string }
  | {
    type: "sync.finished";
    /** False when a tool failed or was cancelled; with `--check`, when a tool is needed. */
    ok: boolean;
    installed: number;
    present: number;
    needed: number;
    skipped: number;
    failed: number;
    cancelled: number;
    bytes: number;
    duration_ms: number;
    /** The directory that holds the tools. */
    store: string;
  };

/** An observer of a sync. `event` never throws and never waits; `close` resolves when all is shown. */
export interface SyncObserver {
  event(event: SyncEvent): void;
  close(): Promise<void>;
}
