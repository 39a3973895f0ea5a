import process from "node:process";
import { terminalRows } from "../base/terminal_size.ts";
import { textColumns } from "../runtime/text_columns.ts";
import type { SyncObserver } from "../protocol/sync_event.ts";
import { renderBoard } from "./board.ts";
import { terminalText } from "./terminal_text.ts";
import { type BoardState, emptyBoard, reduceBoard } from "./board_state.ts";

/** The terminal that the board is drawn on. */
export interface BoardTerminal {
  /** Writes control sequences as they are. */
  draw(text: string): Promise<void>;
  /** Both are read anew for every frame, so a resize needs no event. */
  readonly columns: number;
  /** That of stderr by default. */
  readonly rows?: number | undefined;
  readonly color: boolean;
}

export interface LiveBoardOptions {
  now?: () => number;
  /** Milliseconds between frames. */
  interval?: number;
  /** Its abort brings the cursor back at once: a second Ctrl-C may end the process before `close`. */
  signal?: AbortSignal;
}

const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";

/**
 * Draws the board about twelve times a second while a sync runs. `close` wipes it, so that the summary takes
 * its place in the scrollback. The cursor comes back whichever way the process ends, short of SIGKILL.
 */
export async function liveBoard(
  terminal: BoardTerminal,
  { now = () => performance.now(), interval = 80, signal }: LiveBoardOptions = {},
): Promise<SyncObserver> {
  const { createLogUpdate } = await import("log-update");
  const send = (text: string) => void terminal.draw(text).catch(() => {});
  const stream = {
    write: (text: string) => (send(text), true),
    isTTY: true,
    get columns() {
      return terminal.columns;
    },
    get rows() {
      return height();
    },
  };
  // log-update's own cursor handling always writes to this process's stderr: it is done here instead.
  const draw = createLogUpdate(stream as unknown as NodeJS.WriteStream, { showCursor: true });
  const height = () => terminalRows(terminal.rows ?? process.stderr.rows);
  let state: BoardState = emptyBoard(now());
  let drawn: { lines: string[]; columns: number } | undefined;

  const showCursor = () => {
    // Synchronous: the process is exiting.
    if (process.stderr.isTTY) process.stderr.write(SHOW_CURSOR);
  };
  process.once("exit", showCursor);
  send(HIDE_CURSOR);
  const interrupted = () => send(SHOW_CURSOR);
  signal?.addEventListener("abort", interrupted, { once: true });

  /**
   * Wipes lines that the terminal has wrapped since it got narrower: log-update would leave their rests
   * behind.
   */
  const wipeBroken = (columns: number) => {
    if (drawn === undefined || columns >= drawn.columns) return;
    const extra = drawn.lines.reduce(
      (sum, line) => sum + Math.max(0, Math.ceil(textColumns(line) / columns) - 1),
      0,
    );
    draw.clear();
    if (extra > 0) send(`\u001b[${extra}A\r\u001b[J`);
  };

  const frame = () => {
    const { columns, color } = terminal;
    wipeBroken(columns);
    const lines = renderBoard(state, { columns, color, rows: height(), now: now() });
    draw(terminalText(lines.join("\n"), { color }));
    drawn = { lines, columns };
  };
  const timer = setInterval(frame, interval);

  return {
    event(event) {
      state = reduceBoard(state, event, now());
    },
    close() {
      clearInterval(timer);
      wipeBroken(terminal.columns);
      draw.clear();
      process.removeListener("exit", showCursor);
      signal?.removeEventListener("abort", interrupted);
      return terminal.draw(SHOW_CURSOR).catch(() => {});
    },
  };
}
