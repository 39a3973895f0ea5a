import type { InstallProgress } from "../protocol/install.ts";
import type { SyncEvent, SyncObserver } from "../protocol/sync_event.ts";
import { type LineOutput, LineWriter } from "./line_writer.ts";
import { plainText } from "./terminal_text.ts";
import { formatBytes, formatTime } from "./units.ts";

/** Where there is no terminal: one line for each change of phase, in the order they happen. */
export function plainLines(output: LineOutput): SyncObserver {
  const lines = new LineWriter(output);
  const phases = new Map<string, string>();
  return {
    event(event) {
      if (event.type === "tool.progress") {
        const { progress } = event;
        if (phases.get(event.tool) === progress.state) return;
        phases.set(event.tool, progress.state);
      }
      const text = describeEvent(event);
      if (text !== undefined) lines.line(plainText(text));
    },
    close: () => lines.close(),
  };
}

/** The event in words; undefined when it is not worth a line. */
export function describeEvent(event: SyncEvent): string | undefined {
  switch (event.type) {
    case "tool.resolving":
      return `${event.tool}: resolving ${event.request}`;
    case "tool.progress":
      return describeProgress(name(event), event.progress);
    case "tool.installed": {
      const size = event.bytes > 0 ? `${formatBytes(event.bytes)} in ` : "";
      const took = event.already_installed
        ? "up to date"
        : `installed, ${size}${formatTime(event.duration_ms)}`;
      return `${event.tool} ${event.version}: ${took}`;
    }
    case "tool.failed":
      // The report at the end says why, and what to do.
      return `${name(event)}: failed`;
    case "tool.cancelled":
      return `${name(event)}: cancelled`;
    case "lock.written":
      return `wrote ${event.path}`;
    default:
      return undefined;
  }
}

function name({ tool, version }: { tool: string; version: string | null }): string {
  return version === null ? tool : `${tool} ${version}`;
}

function describeProgress(start: string, progress: InstallProgress): string | undefined {
  switch (progress.state) {
    case "downloading":
      return progress.total_bytes === null
        ? `${start}: downloading`
        : `${start}: downloading ${formatBytes(progress.total_bytes)}`;
    case "extracting":
      return `${start}: extracting`;
    case "post_install":
      return `${start}: ${progress.message}`;
    default:
      return undefined;
  }
}
