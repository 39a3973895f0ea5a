import { assert, assertEquals } from "@std/assert";
import { reduceBoard } from "../../../src/ui/board_state.ts";
import { boardAfter, downloading, failed, finished, installed, queued, started } from "./support.ts";

Deno.test("reduceBoard() lists the tools in the project's order, with the versions as requested", () => {
  const { rows } = boardAfter([started("biome", "deno")]);
  assertEquals(rows.map(({ tool, version, phase }) => [tool, version, phase]), [
    ["biome", "1", "pending"],
    ["deno", "1", "pending"],
  ]);
});

Deno.test("reduceBoard() follows one tool through its phases", () => {
  const start = boardAfter([started("biome")]);
  const steps = [
    queued("biome"),
    { type: "tool.started", tool: "biome", version: "1.2.3", pid: 1 } as const,
    downloading("biome", 10, 100),
    {
      type: "tool.progress",
      tool: "biome",
      version: "1.2.3",
      progress: { state: "extracting", tool: "biome", percent: 50 },
    } as const,
    {
      type: "tool.progress",
      tool: "biome",
      version: "1.2.3",
      progress: { state: "post_install", tool: "biome", message: "linking" },
    } as const,
    installed("biome"),
  ];
  const phases: string[] = [];
  steps.reduce((state, event, index) => {
    const next = reduceBoard(state, event, index * 100);
    phases.push(next.rows[0]?.phase ?? "");
    return next;
  }, start);
  assertEquals(phases, ["queued", "starting", "downloading", "extracting", "finishing", "installed"]);
});

Deno.test("reduceBoard() measures the speed in bytes per second", () => {
  const { rows } = boardAfter([
    started("biome"),
    downloading("biome", 0, 10_000_000),
    downloading("biome", 1_000_000, 10_000_000),
  ]);
  assertEquals(Math.round(rows[0]?.speed ?? 0), 10_000_000);
});

Deno.test("reduceBoard() starts the measure again when a download starts again", () => {
  const { rows } = boardAfter([
    started("biome"),
    downloading("biome", 5_000_000, 10_000_000),
    downloading("biome", 0, 10_000_000),
  ]);
  assertEquals(rows[0]?.measured, { at: 200, bytes: 0 });
  assert((rows[0]?.speed ?? -1) >= 0);
});

Deno.test("reduceBoard() lets no late progress revive a tool that has failed", () => {
  const { rows } = boardAfter([started("biome"), failed("biome", "no"), downloading("biome", 1, 2)]);
  assertEquals(rows[0]?.phase, "failed");
});

Deno.test("reduceBoard() changes nothing of the state it was given", () => {
  const state = boardAfter([started("biome", "deno")]);
  const before = structuredClone(state);
  reduceBoard(state, installed("biome"), 500);
  assertEquals(state, before);
});

Deno.test("reduceBoard() keeps the counts of the end", () => {
  const { finished: end } = boardAfter([started(), finished({ installed: 3 })]);
  assertEquals(end?.installed, 3);
});
