import type { SyncEvent, SyncObserver } from "../protocol/sync_event.ts";
import { type BoardState, emptyBoard, reduceBoard } from "../ui/board_state.ts";
import { lazyObserver } from "../ui/lazy_observer.ts";
import type { Context } from "./command.ts";

/** Several observers as one, and the state that the report at the end is made of. */
export interface SyncAudience extends SyncObserver {
  readonly state: BoardState;
}

/**
 * The observers of a sync: JSON on stdout with `--json`, else stderr, with the board on a terminal and plain
 * lines elsewhere.
 */
export function syncAudience(
  { stdout, stderr, env, signal }: Pick<Context, "stdout" | "stderr" | "env" | "signal">,
  { json, quiet }: { json: boolean; quiet: boolean },
): SyncAudience {
  const observers: SyncObserver[] = [];
  if (json) {
    observers.push(lazyObserver(() => true, async () => {
      const { jsonLines } = await import("../ui/json_lines.ts");
      return jsonLines(stdout);
    }));
  } else if (!quiet) {
    observers.push(lazyObserver(isWork, async () => {
      if (stderr.isTTY && env["TERM"] !== "dumb") {
        const { liveBoard } = await import("../ui/live_board.ts");
        return await liveBoard(stderr, { signal });
      }
      const { plainLines } = await import("../ui/plain_lines.ts");
      return plainLines(stderr);
    }));
  }
  let state = emptyBoard(performance.now());
  return {
    get state() {
      return state;
    },
    event(event) {
      state = reduceBoard(state, event, performance.now());
      for (const observer of observers) observer.event(event);
    },
    async close() {
      await Promise.all(observers.map((observer) => observer.close()));
    },
  };
}

/** Whether the event is worth a board: a sync that finds all in place shows its summary alone. */
function isWork({ type }: SyncEvent): boolean {
  return type === "tool.resolving" || type === "tool.queued" || type === "tool.started" ||
    type === "tool.failed";
}
