import type { InstallProgress } from "../protocol/install.ts";
import type { SyncEvent } from "../protocol/sync_event.ts";

/** What a tool is doing, as the board shows it. */
export type Phase =
  | "pending"
  | "resolving"
  | "queued"
  | "starting"
  | "downloading"
  | "extracting"
  | "finishing"
  | "installed"
  | "present"
  | "needed"
  | "skipped"
  | "failed"
  | "cancelled";

export interface ToolRow {
  readonly tool: string;
  /** The exact version once known, else the version as requested. */
  readonly version: string;
  readonly phase: Phase;
  /** Bytes downloaded so far, and of how many. */
  readonly bytes: number;
  readonly total: number | null;
  /** 0 to 100 of the phase. */
  readonly percent: number | null;
  /** Bytes per second, smoothed. */
  readonly speed: number;
  /** Where the speed was last measured. */
  readonly measured: { at: number; bytes: number } | undefined;
  /** How long the install took, once it is over. */
  readonly duration: number;
  readonly path: string | undefined;
  /** Why it failed, is needed or was skipped; what the last step says. */
  readonly note: string | undefined;
  readonly next: string | undefined;
}

export interface BoardState {
  readonly rows: readonly ToolRow[];
  readonly startedAt: number;
  readonly finished: (SyncEvent & { type: "sync.finished" }) | undefined;
  readonly lockWritten: string | undefined;
}

export function emptyBoard(now: number): BoardState {
  return { rows: [], startedAt: now, finished: undefined, lockWritten: undefined };
}

/** Whether nothing more will happen to the tool. */
export function isSettled(phase: Phase): boolean {
  return ["installed", "present", "needed", "skipped", "failed", "cancelled"].includes(phase);
}

/** Whether the tool is being worked on now. */
export function isActive(phase: Phase): boolean {
  return ["resolving", "starting", "downloading", "extracting", "finishing"].includes(phase);
}

/** The board after the event. Pure: `now` (milliseconds) is handed in. */
export function reduceBoard(state: BoardState, event: SyncEvent, now: number): BoardState {
  switch (event.type) {
    case "sync.started":
      return { ...emptyBoard(now), rows: event.tools.map(({ tool, request }) => newRow(tool, request)) };
    case "lock.written":
      return { ...state, lockWritten: event.path };
    case "sync.finished":
      return { ...state, finished: event };
    default:
      return withRow(state, event.tool, (row) => reduceRow(row, event, now));
  }
}

type ToolEvent = Extract<SyncEvent, { tool: string }>;

function newRow(tool: string, version: string): ToolRow {
  return {
    tool,
    version,
    phase: "pending",
    bytes: 0,
    total: null,
    percent: null,
    speed: 0,
    measured: undefined,
    duration: 0,
    path: undefined,
    note: undefined,
    next: undefined,
  };
}

function withRow(state: BoardState, tool: string, change: (row: ToolRow) => ToolRow): BoardState {
  const known = state.rows.some((row) => row.tool === tool);
  const rows = known ? state.rows : [...state.rows, newRow(tool, "")];
  return { ...state, rows: rows.map((row) => row.tool === tool ? change(row) : row) };
}

function reduceRow(row: ToolRow, event: ToolEvent, now: number): ToolRow {
  switch (event.type) {
    case "tool.skipped":
      return { ...row, phase: "skipped", note: event.reason };
    case "tool.present":
      return { ...row, phase: "present", version: event.version, path: event.path };
    case "tool.needed":
      return { ...row, phase: "needed", version: event.version ?? row.version, note: event.reason };
    case "tool.resolving":
      return { ...row, phase: "resolving" };
    case "tool.queued":
      return { ...row, phase: "queued", version: event.version };
    case "tool.started":
      return { ...row, phase: "starting", version: event.version };
    case "tool.progress":
      return isSettled(row.phase) ? row : reduceProgress(row, event.progress, now);
    case "tool.installed":
      return {
        ...row,
        phase: event.already_installed ? "present" : "installed",
        version: event.version,
        path: event.path,
        bytes: event.bytes,
        speed: 0,
        duration: event.duration_ms,
        note: undefined,
      };
    case "tool.failed":
      return {
        ...row,
        phase: "failed",
        version: event.version ?? row.version,
        speed: 0,
        note: event.error,
        next: event.next ?? undefined,
      };
    case "tool.cancelled":
      return { ...row, phase: "cancelled", version: event.version ?? row.version, speed: 0 };
  }
}

function reduceProgress(row: ToolRow, progress: InstallProgress, now: number): ToolRow {
  switch (progress.state) {
    case "started":
      return { ...row, phase: "starting" };
    case "downloading":
      return measure(
        {
          ...row,
          phase: "downloading",
          bytes: progress.bytes_downloaded,
          total: progress.total_bytes,
          percent: progress.percent,
        },
        now,
      );
    case "extracting":
      return { ...row, phase: "extracting", percent: progress.percent, speed: 0 };
    case "post_install":
      return { ...row, phase: "finishing", percent: null, speed: 0, note: progress.message };
    case "completed":
    case "failed":
      // The parent's event, which follows, has the outcome, because the parent checks what the child claims.
      return row;
  }
}

/** A moving average over about half a second; shorter and the figure flickers. */
function measure(row: ToolRow, now: number): ToolRow {
  const last = row.measured;
  if (last === undefined || row.bytes < last.bytes) {
    return { ...row, measured: { at: now, bytes: row.bytes } };
  }
  const elapsed = now - last.at;
  if (elapsed < 100) return row;
  const current = (row.bytes - last.bytes) * 1000 / elapsed;
  const weight = row.speed === 0 ? 1 : 1 - Math.exp(-elapsed / 500);
  return {
    ...row,
    speed: row.speed + (current - row.speed) * weight,
    measured: { at: now, bytes: row.bytes },
  };
}
