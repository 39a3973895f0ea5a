import { type BoardState, emptyBoard, reduceBoard } from "../../../src/ui/board_state.ts";
import type { SyncEvent } from "../../../src/protocol/sync_event.ts";

/** The board after these events, each a tenth of a second after the one before. */
export function boardAfter(events: readonly SyncEvent[], start = 0): BoardState {
  let state = emptyBoard(start);
  events.forEach((event, index) => state = reduceBoard(state, event, start + index * 100));
  return state;
}

export function started(...tools: string[]): SyncEvent {
  return {
    type: "sync.started",
    root: "/project",
    tools: tools.map((tool) => ({ tool, request: "1" })),
    jobs: 8,
  };
}

export function downloading(tool: string, bytes: number, total: number | null): SyncEvent {
  return {
    type: "tool.progress",
    tool,
    version: "1.2.3",
    progress: {
      state: "downloading",
      tool,
      percent: total === null ? null : bytes / total * 100,
      bytes_downloaded: bytes,
      total_bytes: total,
    },
  };
}

export function queued(tool: string, version = "1.2.3"): SyncEvent {
  return { type: "tool.queued", tool, version };
}

export function installed(tool: string, bytes = 35_000_000): SyncEvent {
  return {
    type: "tool.installed",
    tool,
    version: "1.2.3",
    path: `/home/ada/.local/share/haft/store/${tool}/1.2.3`,
    bytes,
    duration_ms: 1234,
    already_installed: false,
  };
}

export function failed(tool: string, error: string, next: string | null = null): SyncEvent {
  return { type: "tool.failed", tool, version: "1.2.3", error, next };
}

export function finished(counts: Partial<Extract<SyncEvent, { type: "sync.finished" }>> = {}): SyncEvent {
  return {
    type: "sync.finished",
    ok: true,
    installed: 0,
    present: 0,
    needed: 0,
    skipped: 0,
    failed: 0,
    cancelled: 0,
    bytes: 0,
    duration_ms: 1300,
    store: "/home/ada/.local/share/haft/store",
    ...counts,
  };
}
