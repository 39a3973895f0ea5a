import { assert, assertEquals } from "@std/assert";
import stringWidth from "string-width";
import { stripVTControlCharacters } from "node:util";
import { renderFailures, renderSummary, renderVerdict } from "../../../src/ui/summary.ts";
import { boardAfter, failed, finished, installed, started } from "./support.ts";

const state = boardAfter([
  started("biome", "esbuild", "deno", "zig"),
  installed("biome"),
  {
    type: "tool.present",
    tool: "esbuild",
    version: "0.25.9",
    path: "/home/ada/.local/share/haft/store/esbuild/0.25.9",
  },
  { type: "tool.skipped", tool: "deno", reason: "only for darwin" },
  failed("zig", "Cannot download the archive", 'Run "haft sync" again'),
  finished({ installed: 1, present: 1, skipped: 1, failed: 1, bytes: 35_000_000 }),
]);

Deno.test("renderSummary() says for every tool what happened and where it is", () => {
  assertEquals(renderSummary(state, { columns: undefined, color: false, home: "/home/ada" }), [
    "✓ biome    1.2.3   installed   35.0 MB  1.2s  /home/ada/.local/share/haft/store/biome/1.2.3",
    "✓ esbuild  0.25.9  up to date                 /home/ada/.local/share/haft/store/esbuild/0.25.9",
    "– deno     1       skipped                    only for darwin",
    "✗ zig      1.2.3   failed",
  ]);
});

Deno.test("renderFailures() gives every reason in full, with the next step", () => {
  assertEquals(renderFailures(state, { color: false }), [
    "zig: Cannot download the archive",
    '  Run "haft sync" again',
  ]);
});

Deno.test("renderVerdict() counts, and says where the tools are", () => {
  assertEquals(
    renderVerdict(state, { columns: undefined, color: false, home: "/home/ada" }),
    "1 tool installed (35.0 MB) in 1.3s, 1 up to date, 1 failed, 1 skipped · " +
      "/home/ada/.local/share/haft/store",
  );
});

for (const columns of [20, 40, 80, 120]) {
  Deno.test(`renderSummary() keeps the table within ${columns} columns`, () => {
    for (const line of renderSummary(state, { columns, color: true, home: "/home/ada" })) {
      const plain = stripVTControlCharacters(line);
      assert(stringWidth(plain) < columns, plain);
    }
  });
}

Deno.test("renderSummary() shortens the home directory on a terminal only", () => {
  const [line = ""] = renderSummary(state, { columns: 120, color: false, home: "/home/ada" });
  assert(line.endsWith("~/.local/share/haft/store/biome/1.2.3"), line);
});

Deno.test("renderVerdict() of a project without tools says so", () => {
  const empty = boardAfter([started(), finished()]);
  assertEquals(
    renderVerdict(empty, { columns: 80, color: false, home: "" }),
    'This project has no tools\n  Run "haft use TOOL" to add one',
  );
});

Deno.test("renderSummary() shows every place or none, so that no row says less than its neighbours", () => {
  const path = (tool: string) => `/s/${tool}/${"1".repeat(tool.length)}`;
  const rows = boardAfter([
    started("a", "much-longer-name"),
    { type: "tool.present", tool: "a", version: "1", path: path("a") },
    { type: "tool.present", tool: "much-longer-name", version: "1", path: path("much-longer-name") },
    finished({ present: 2 }),
  ]);
  const shown = (columns: number) =>
    renderSummary(rows, { columns, color: false, home: "" }).filter((line) => line.includes("/s/")).length;
  assertEquals([shown(120), shown(60), shown(40)], [2, 0, 0]);
});

Deno.test("renderVerdict() breaks between words where it does not fit, the store on a line of its own", () => {
  assertEquals(renderVerdict(state, { columns: 40, color: false, home: "/home/ada" }).split("\n"), [
    "1 tool installed (35.0 MB) in 1.3s, 1",
    "up to date, 1 failed, 1 skipped",
    "~/.local/share/haft/store",
  ]);
});
