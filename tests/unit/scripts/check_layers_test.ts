import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { pathToFileURL } from "node:url";
import { circles, layerProblems } from "../../../scripts/check_layers.ts";
import { type ImportGraph, parseImportGraph } from "../../../scripts/support/import_graph.ts";

/** A graph of plain imports. */
function plain(rows: Record<string, string[]>): ImportGraph {
  return new Map(
    Object.entries(rows).map(([from, targets]) => [from, targets.map((to) => ({ to, lazy: false }))]),
  );
}

const rules = {
  recursions: [],
  layers: [
    { name: "base", mayImport: [], why: "base is the ground" },
    { name: "tools", mayImport: ["base"], why: "tools are handed a Reporter" },
    { name: "cli", mayImport: ["base", "tools"], why: "cli is the top" },
  ],
};

Deno.test("layerProblems() accepts arrows that point down", () => {
  const graph = plain({
    "src/cli/run.ts": ["src/tools/a.ts", "src/base/b.ts", "src/cli/other.ts"],
    "src/tools/a.ts": ["src/base/b.ts"],
  });
  assertEquals(layerProblems(graph, rules), []);
});

Deno.test("layerProblems() gives the reason for each forbidden arrow", () => {
  const graph = plain({ "src/tools/a.ts": ["src/cli/run.ts"], "src/base/b.ts": ["src/tools/c.ts"] });
  assertEquals(layerProblems(graph, rules), [
    "src/tools/a.ts imports src/cli/run.ts: tools may not import cli; tools are handed a Reporter",
    "src/base/b.ts imports src/tools/c.ts: base may not import tools; base is the ground",
  ]);
});

Deno.test("layerProblems() names a folder that is in no layer", () => {
  const [problem = ""] = layerProblems(plain({ "src/hub/ring.ts": [] }), rules);
  assertMatch(problem, /src\/hub\/ring\.ts is in no known layer/);
});

Deno.test("layerProblems() refuses an import of tests or scripts from the program", () => {
  const [problem = ""] = layerProblems(plain({ "src/base/b.ts": ["tests/support/fake.ts"] }), rules);
  assertMatch(problem, /imports nothing from outside src/);
});

Deno.test("circles() finds circles of any length and a file that imports itself", () => {
  const graph = new Map(Object.entries({ a: ["b"], b: ["c"], c: ["a", "d"], d: [], e: ["e"] }));
  assertEquals(circles(graph), [["a", "b", "c"], ["e"]]);
});

Deno.test("layerProblems() counts a circle that a lazy import closes", () => {
  const graph: ImportGraph = new Map([
    ["src/cli/table.ts", [{ to: "src/cli/command.ts", lazy: true }]],
    ["src/cli/command.ts", [{ to: "src/cli/table.ts", lazy: false }]],
  ]);
  const circle = "These import each other in a circle: src/cli/command.ts, src/cli/table.ts";
  assertEquals(layerProblems(graph, rules), [circle]);
  const recursions = [{ files: ["src/cli/table.ts", "src/cli/command.ts"], why: "a recursion" }];
  assertEquals(layerProblems(graph, { ...rules, recursions }), []);
});

Deno.test("layerProblems() names an allowed circle that is gone", () => {
  const recursions = [{ files: ["src/cli/a.ts", "src/cli/b.ts"], why: "a recursion" }];
  const [problem = ""] = layerProblems(plain({ "src/cli/a.ts": [] }), { ...rules, recursions });
  assertMatch(problem, /allows a circle that is gone, remove it: src\/cli\/a\.ts, src\/cli\/b\.ts/);
});

Deno.test("layerProblems() looks at the folders inside a layer", () => {
  const graph = plain({
    "src/tools/a/one.ts": ["src/tools/b/two.ts", "src/tools/shared.ts"],
    "src/tools/b/three.ts": ["src/tools/a/four.ts"],
    "src/tools/shared.ts": ["src/tools/a/four.ts"],
  });
  assertEquals(layerProblems(graph, rules), [
    "These folders import each other in a circle: src/tools/a, src/tools/b",
  ]);
});

Deno.test("parseImportGraph() counts type-only and dynamic imports, and leaves packages out", () => {
  const root = "/project";
  const url = (path: string) => pathToFileURL(`${root}/${path}`).href;
  const graph = parseImportGraph({
    modules: [
      {
        specifier: url("src/a.ts"),
        dependencies: [
          { specifier: "./b.ts", type: { specifier: url("src/b.ts") } },
          { specifier: "./c.ts", isDynamic: true, code: { specifier: url("src/c.ts") } },
          { specifier: "valibot", code: { specifier: "npm:valibot@1.5.0" } },
          { specifier: "node:fs", code: { specifier: "node:fs" } },
        ],
      },
      { specifier: "npm:valibot@1.5.0" },
    ],
  }, root);
  assertEquals([...graph], [["src/a.ts", [{ to: "src/b.ts", lazy: false }, { to: "src/c.ts", lazy: true }]]]);
});

Deno.test("parseImportGraph() fails on an import that leads nowhere", () => {
  const json = {
    modules: [{
      specifier: "file:///project/src/a.ts",
      dependencies: [{ specifier: "./gone.ts", code: { error: "Module not found" } }],
    }],
  };
  assertThrows(
    () => parseImportGraph(json, "/project"),
    Error,
    'src/a.ts imports "./gone.ts": Module not found',
  );
});
