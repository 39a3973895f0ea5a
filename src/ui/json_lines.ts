import type { SyncObserver } from "../protocol/sync_event.ts";
import { type LineOutput, LineWriter } from "./line_writer.ts";

/** `--json`: every event as one line of JSON. */
export function jsonLines(output: LineOutput): SyncObserver {
  const lines = new LineWriter(output);
  return {
    event: (event) => lines.line(JSON.stringify(event)),
    close: () => lines.close(),
  };
}
