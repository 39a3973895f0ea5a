/**
 * What happens while tools are installed, as the daemon publishes it: the events of a sync under `install.`,
 * their subject the tool. Sizes are bytes, times milliseconds.
 */
import * as v from "valibot";
import type { Emit } from "./event_types.ts";
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

export type EmitInstallEvent = Emit<typeof INSTALL_EVENTS>;

/**
 * Publishes a sync's event in the daemon's words. The daemon has none for `tool.needed`, which changes
 * nothing.
 */
export function emitInstallEvent(event: SyncEvent, emit: EmitInstallEvent): void {
  switch (event.type) {
    case "sync.started":
      return emit("install.sync_started", dataOf(event));
    case "tool.skipped":
      return emit("install.skipped", dataOf(event), event.tool);
    case "tool.present":
      return emit("install.present", dataOf(event), event.tool);
    case "tool.needed":
      return;
    case "tool.resolving":
      return emit("install.resolving", dataOf(event), event.tool);
    case "tool.queued":
      return emit("install.queued", dataOf(event), event.tool);
    case "tool.started":
      return emit("install.started", dataOf(event), event.tool);
    case "tool.progress":
      return emit("install.progress", dataOf(event), event.tool);
    case "tool.installed":
      return emit("install.completed", dataOf(event), event.tool);
    case "tool.failed":
      return emit("install.failed", dataOf(event), event.tool);
    case "tool.cancelled":
      return emit("install.cancelled", dataOf(event), event.tool);
    case "lock.written":
      return emit("install.lock_written", dataOf(event));
    case "sync.finished":
      return emit("install.sync_finished", dataOf(event));
  }
}

/** A sync's event from the daemon's words; undefined for another event. @throws when its data are wrong */
export function syncEventOf(type: string, data: unknown): SyncEvent | undefined {
  switch (type) {
    case "install.sync_started":
      return { type: "sync.started", ...parsed(type, data) };
    case "install.skipped":
      return { type: "tool.skipped", ...parsed(type, data) };
    case "install.present":
      return { type: "tool.present", ...parsed(type, data) };
    case "install.resolving":
      return { type: "tool.resolving", ...parsed(type, data) };
    case "install.queued":
      return { type: "tool.queued", ...parsed(type, data) };
    case "install.started":
      return { type: "tool.started", ...parsed(type, data) };
    case "install.progress":
      return { type: "tool.progress", ...parsed(type, data) };
    case "install.completed":
      return { type: "tool.installed", ...parsed(type, data) };
    case "install.failed":
      return { type: "tool.failed", ...parsed(type, data) };
    case "install.cancelled":
      return { type: "tool.cancelled", ...parsed(type, data) };
    case "install.lock_written":
      return { type: "lock.written", ...parsed(type, data) };
    case "install.sync_finished":
      return { type: "sync.finished", ...parsed(type, data) };
    default:
      return undefined;
  }
}

function parsed<Name extends InstallEventName>(
  name: Name,
  data: unknown,
): v.InferOutput<(typeof INSTALL_EVENTS)[Name]["data"]> {
  return v.parse(INSTALL_EVENTS[name].data, data);
}

function dataOf<Event extends SyncEvent>({ type: _, ...data }: Event): Omit<Event, "type"> {
  return data;
}
