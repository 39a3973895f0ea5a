import { assertEquals, assertThrows } from "@std/assert";
import type { DefinedTool } from "../../../../src/tools/catalogue/definition.ts";
import { UsageError } from "../../../../src/base/errors.ts";
import { builtInCatalogue } from "../../../../src/tools/catalogue/catalogue.ts";
import { buildFor } from "../../../../src/tools/sources/build.ts";
import type { ToolSource } from "../../../../src/tools/sources/sources.ts";
import { toolSource, toolVariables } from "../../../../src/tools/catalogue/tool_source.ts";

const FORMS =
  '"npm:name" or "npm:@scope/name", "pypi:name", "go:PACKAGE", such as "go:github.com/owner/name/cmd/tool", "cargo:crate", "maven:group:artifact" or "maven:group:artifact:classifier", "github:owner/name"';

type Built = Extract<ToolSource, { builds?: unknown }>;

Deno.test("toolSource() finds a catalogue source, a known wrapper, or a package", () => {
  const rows: [tool: Omit<DefinedTool, "definition">, expected: string][] = [
    [{ name: "biome" }, "npm @biomejs/biome"],
    [{ name: "node" }, "http"],
    [{ name: "node", source: "npm" }, "npm node"],
    [{ name: "npm:@biomejs/biome" }, "npm @biomejs/biome"],
    [{ name: "npm:cowsay" }, "package cowsay"],
    [{ name: "npm:@scope/name" }, "package @scope/name"],
  ];
  for (const [tool, expected] of rows) {
    const entry = toolSource({ ...tool, definition: null });
    const text = entry.source !== "npm"
      ? entry.source
      : `${entry.builds === undefined ? "package" : "npm"} ${entry.versions}`;
    assertEquals(text, expected, tool.name);
  }
});

Deno.test("toolSource() refuses what it does not know, with the next step", () => {
  const rows: [tool: Omit<DefinedTool, "definition">, message: string, next: string][] = [
    [{ name: "biom" }, 'Unknown tool "biom"', 'Did you mean "biome"?'],
    [{ name: "rg" }, 'Unknown tool "rg"', '"ripgrep" has it: write "ripgrep"'],
    [{ name: "tsc" }, 'Unknown tool "tsc"', '"typescript" has it: write "typescript"'],
    [{ name: "zigg" }, 'Unknown tool "zigg"', 'Did you mean "zig"?'],
    [{ name: "markdownlint-cli" }, 'Unknown tool "markdownlint-cli"', 'Did you mean "markdownlint-cli2"?'],
    [
      { name: "cowsayings" },
      'Unknown tool "cowsayings"',
      `Tools outside the catalogue are written with their source: ${FORMS}`,
    ],
    [{ name: "biome", source: "http" }, 'Tool "biome" has no source "http"', 'It has "npm"'],
    [
      { name: "gitlab:a/b" },
      'Unknown source "gitlab" in tool "gitlab:a/b"',
      `Write a catalogue name such as "biome", or ${FORMS}`,
    ],
    [{ name: "github:a" }, 'Tool "github:a" does not name a tool of github', 'Write "github:owner/name"'],
    [{ name: "npm:" }, 'Tool "npm:" does not name a tool of npm', 'Write "npm:name" or "npm:@scope/name"'],
    [
      { name: "npm:../x" },
      'Tool "npm:../x" does not name a tool of npm',
      'Write "npm:name" or "npm:@scope/name"',
    ],
  ];
  for (const [tool, message, next] of rows) {
    const error = assertThrows(() => toolSource({ ...tool, definition: null }), UsageError);
    assertEquals([error.message, error.next], [message, next]);
  }
});

Deno.test("buildFor() follows how a tool was published at the version", () => {
  const rows: [tool: string, version: string, expected: string][] = [
    ["pnpm", "11.9.0", "js"],
    ["pnpm", "12.0.0", "@pnpm/exe.{platform}"],
    ["pnpm", "12.0.0-rc.1", "@pnpm/exe.{platform}"],
    ["typescript", "6.0.2", "js"],
    ["typescript", "7.0.2", "@typescript/typescript-{platform}"],
    ["turbo", "2.8.17", "turbo-{platform}"],
    ["turbo", "2.8.18", "@turbo/{platform}"],
    ["node", "22.1.0", "corepack"],
    ["node", "25.0.0", "no corepack"],
  ];
  for (const [tool, version, expected] of rows) {
    const [source] = builtInCatalogue.entry(tool)?.sources ?? [];
    const builds: readonly NonNullable<Built["builds"]>[number][] = source !== undefined && "builds" in source
      ? source.builds ?? []
      : [];
    const build = buildFor(builds, version);
    const text = build.kind === "js"
      ? "js"
      : "package" in build
      ? build.package
      : "corepack" in build.bin
      ? "corepack"
      : "no corepack";
    assertEquals(text, expected, `${tool} ${version}`);
  }
});

function variables(name: string, version: string) {
  return toolVariables(toolSource({ name, definition: null }), version, `/store/${name}`);
}

Deno.test("toolVariables() are the catalogue's, and none where it has no entry", () => {
  assertEquals(variables("deno", "2.9.6"), {
    DENO_NO_UPDATE_CHECK: "1",
  });
  assertEquals(variables("biome", "2.6.8"), {});
  assertEquals(variables("prettier", "3.9.0"), {});
  assertEquals(variables("npm:cowsay", "1.6.0"), {});
});
