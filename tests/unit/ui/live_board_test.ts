import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import { liveBoard } from "../../../src/ui/live_board.ts";
import { until } from "../../support/until.ts";
import { downloading, queued, started } from "./support.ts";

const HIDE = "\u001b[?25l";
const SHOW = "\u001b[?25h";

/** A terminal that keeps all that was written to it. */
function terminal(columns: number, rows = 24) {
  return {
    columns,
    rows,
    color: false,
    written: "",
    draw(text: string) {
      this.written += text;
      return Promise.resolve();
    },
  };
}

Deno.test("liveBoard() hides the cursor while it draws, and at the end wipes the board and shows it again", async () => {
  const screen = terminal(80);
  const board = await liveBoard(screen, { interval: 1 });
  board.event(started("biome"));
  board.event(queued("biome"));
  await until(() => screen.written, "the board shows waiting", {
    passes: (text) => text.includes("waiting"),
  });
  assert(screen.written.startsWith(HIDE));
  const before = screen.written.length;
  await board.close();
  const end = screen.written.slice(before);
  assertStringIncludes(end, "\u001b[2K");
  assert(end.endsWith(SHOW));
  await delay(5);
  assertEquals(screen.written.length, before + end.length, "something was drawn after the end");
});

Deno.test("liveBoard() shows the cursor at once when it is interrupted", async () => {
  const screen = terminal(80);
  const stop = new AbortController();
  const board = await liveBoard(screen, { interval: 1, signal: stop.signal });
  board.event(started("biome"));
  stop.abort();
  assert(screen.written.endsWith(SHOW));
  await board.close();
});

Deno.test("liveBoard() draws nothing anew while nothing changes", async () => {
  const screen = terminal(80);
  const board = await liveBoard(screen, { interval: 1, now: () => 0 });
  board.event(started("biome"));
  await until(() => screen.written, "the board shows biome", { passes: (text) => text.includes("biome") });
  const { length } = screen.written;
  await delay(20);
  assertEquals(screen.written.length, length);
  await board.close();
});

Deno.test("liveBoard() follows the terminal's width and wipes the lines that it broke", async () => {
  const screen = terminal(80);
  const board = await liveBoard(screen, { interval: 1, now: () => 0 });
  board.event(started("biome"));
  board.event(downloading("biome", 1, 35_000_000));
  await until(() => screen.written, "the board shows 35.0 MB", {
    passes: (text) => text.includes("35.0 MB"),
  });
  const before = screen.written.length;
  screen.columns = 20;
  await until(() => screen.written.length, "the board draws again", { passes: (length) => length > before });
  // Of the two lines, 78 and 40 columns long, the terminal made more than two: they are all erased.
  assertStringIncludes(screen.written.slice(before), "\u001b[J");
  await board.close();
});

Deno.test("liveBoard() never draws more lines than the terminal has", async () => {
  const screen = terminal(80, 6);
  const board = await liveBoard(screen, { interval: 1, now: () => 0 });
  const names = Array.from({ length: 30 }, (_, index) => `tool${index}`);
  board.event(started(...names));
  await until(() => screen.written, "the board shows waiting", {
    passes: (text) => text.includes("waiting"),
  });
  assert(screen.written.split("\n").length <= 6);
  await board.close();
});
