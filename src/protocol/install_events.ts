/**
 * What happens while tools are installed, as the daemon publishes it: the events of a sync under `install.`, their subject the
 * tool. Sizes are bytes, times milliseconds.
 */
import * as v from "valibot";
import { InstallProgress } from "./install.ts";
import type { SyncEvent } from "./sync_event.ts";

const tool = v.string();
const version = v.string();
const count = v.number();

export const INSTALL_EVENTS = {
  "install.sync_started": {
    summary: "A sync or an install has begun",
    data: v.object({
      root: v.string(),
      tools: v.array(v.object({ tool, request: v.string() })),
      jobs: v.number(),
    }),
  },
  "install.skipped": {
    summary: "The tool is for another system",
    data: v.object({ tool, reason: v.string() }),
  },
  "install.present": {
    summary: "The store has the tool already",
    data: v.object({ tool, version, path: v.string() }),
  },
  "install.resolving": {
    summary: "The tool's source is asked for the version",
    data: v.object({ tool, request: v.string() }),
  },
  "install.queued": { summary: "The tool waits for its turn", data: v.object({ tool, version }) },
  "install.started": {
    summary: "A child process installs the tool",
    data: v.object({ tool, version, pid: v.number() }),
  },
  "install.progress": {
    summary: "How far the install is; at most 20 a second for each tool, the last of a phase never left out",
    data: v.object({ tool, version, progress: InstallProgress }),
  },
  "install.completed": {
    summary: "The tool is installed",
    data: v.object({
      tool,
      version,
      path: v.string(),
      bytes: v.number(),
      duration_ms: v.number(),
      already_installed: v.boolean(),
    }),
  },
  "install.failed": {
    summary: "The tool could not be installed",
    data: v.object({ tool, version: v.nullable(version), error: v.string(), next: v.nullable(v.string()) }),
  },
  "install.cancelled": {
    summary: "The tool's install was not tried, or stopped",
    data: v.object({ tool, version: v.nullable(version) }),
  },
  "install.lock_written": { summary: "haft.lock was changed", data: v.object({ path: v.string() }) },
  "install.sync_finished": {
    summary: "The sync or the install is over",
    data: v.object({
      ok: v.boolean(),
      installed: count,
      present: count,
      needed: count,
      skipped: count,
      failed: count,
      cancelled: count,
      bytes: count,
      duration_ms: v.number(),
      store: v.string(),
    }),
  },
} as const;

export type InstallEventName = keyof typeof INSTALL_EVENTS;

const NAMES: Readonly<Record<Exclude<SyncEvent["type"], "tool.needed">, InstallEventName>> = {
  "sync.started": "install.sync_started",
  "tool.skipped": "install.skipped",
  "tool.present": "install.present",
  "tool.resolving": "install.resolving",
  "tool.queued": "install.queued",
  "tool.started": "install.started",
  "tool.progress": "install.progress",
  "tool.installed": "install.completed",
  "tool.failed": "install.failed",
  "tool.cancelled": "install.cancelled",
  "lock.written": "install.lock_written",
  "sync.finished": "install.sync_finished",
};

/** A sync's event in the daemon's words; undefined for what only a sync that changes nothing says. */
export function installEvent(
  event: SyncEvent,
): { type: InstallEventName; subject: string | undefined; data: Record<string, unknown> } | undefined {
  const { type, ...data } = event;
  if (type === "tool.needed") return undefined;
  return { type: NAMES[type], subject: "tool" in event ? event.tool : undefined, data };
}
