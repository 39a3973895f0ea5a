import { assert, assertEquals } from "@std/assert";
import * as v from "valibot";
import text from "../../../../src/tools/catalogue/catalogue.json" with { type: "text" };
import { builtInCatalogue, entryIn } from "../../../../src/tools/catalogue/catalogue.ts";
import { CatalogueData } from "../../../../src/tools/catalogue/catalogue_schema.ts";
import { executablesFor, publishedPlatforms } from "../../../../src/tools/sources/build.ts";
import { sourceOf, type ToolSource } from "../../../../src/tools/sources/sources.ts";
import { artifactUrl, factsOf } from "../../../../src/tools/sources/url_template.ts";
import { tryParseVersionRequest } from "../../../../src/tools/versions/version_request.ts";

const data = JSON.parse(text);

Deno.test("catalogue.json fits its schema", () => {
  const result = v.safeParse(CatalogueData, data);
  const issues = (result.issues ?? []).map((issue) => `${v.getDotPath(issue)}: ${issue.message}`);
  assertEquals(issues, []);
});

Deno.test("entryIn() finds each tool's entry of catalogue.json by itself, and no part of one", () => {
  for (const name of Object.keys(data)) assertEquals(entryIn(text, name), data[name], name);
  for (const name of ["", "sources", "description", "no-such-tool", "npm:prettier", "__proto__"]) {
    assertEquals(entryIn(text, name), undefined, name);
  }
});

Deno.test("catalogue.json is sorted and its names, aliases and executables are each one tool's", () => {
  assertEquals(Object.keys(data), Object.keys(data).sort());
  const names = new Set<string>();
  for (const name of builtInCatalogue.names()) {
    for (const one of [name, ...(builtInCatalogue.entry(name)?.aliases ?? [])]) {
      assert(!names.has(one), `"${one}" twice`);
      names.add(one);
    }
  }
  const owners = new Map<string, string>();
  for (const { name, build } of nativeBuilds()) {
    for (const executable of Object.keys(build.bin)) {
      assertEquals(owners.get(executable) ?? name, name, executable);
      owners.set(executable, name);
    }
  }
});

Deno.test("catalogue.json names every tool that the design promises", () => {
  const promised =
    "deno bun node npm pnpm typescript tsgo biome esbuild turbo ast-grep lefthook dprint dart-sass ripgrep zig " +
    "moon buf mise prettier eslint";
  for (const name of promised.split(" ")) assert(builtInCatalogue.entry(name) !== undefined, name);
});

Deno.test("every native build fills its templates on every platform it is published for", () => {
  for (const { name, build } of nativeBuilds()) {
    assert(publishedPlatforms(build).length >= 4, name);
    for (const [platform] of publishedPlatforms(build)) {
      const bin = executablesFor(build, platform);
      assertEquals(Object.keys(bin), Object.keys(build.bin), `${name} ${platform}`);
      for (const path of Object.values(bin)) {
        assert(!/[{}]/.test(path), `${name} ${platform}: ${path}`);
        if (platform.startsWith("win32-")) assert(/\.(exe|cmd|bat)$/.test(path), `${name}: ${path}`);
        else assert(!path.endsWith(".exe"), `${name}: ${path}`);
      }
    }
    if ("package" in build) assert(build.package.includes("{platform}"), name);
  }
});

Deno.test("every http entry makes addresses that it knows again, and no other tool's", () => {
  for (const name of builtInCatalogue.names()) {
    for (const source of builtInCatalogue.entry(name)?.sources ?? []) {
      if (source.source !== "http") continue;
      const groups = source.versions.match?.matchAll(/\(\?<(\w+)>/g) ?? [];
      const facts = {
        ...Object.fromEntries([...groups].map(([, group]) => [group, "20260102"])),
        version: "30.1.2",
      };
      for (const build of source.builds) {
        for (const [platform] of publishedPlatforms(build)) {
          const url = artifactUrl(build, facts, platform) ?? "";
          assert(!/[{}]/.test(url), `${name} ${platform}: ${url}`);
          assert(url.startsWith(sourceOf("http").subject(source)), url);
          assertEquals(factsOf(build, url, platform), facts, `${name} ${platform}`);
          assertEquals(factsOf(build, url.replace("https://", "https://evil."), platform), undefined);
        }
      }
    }
  }
});

Deno.test("every source's builds have readable ranges, and the last takes what is left", () => {
  for (const name of builtInCatalogue.names()) {
    for (const source of builtInCatalogue.entry(name)?.sources ?? []) {
      const builds = buildsOf(source);
      for (const [index, build] of builds.entries()) {
        const isLast = index === builds.length - 1;
        assertEquals(build.when === undefined, isLast, name);
        if (build.when !== undefined) assertEquals(tryParseVersionRequest(build.when)?.kind, "range", name);
      }
    }
  }
});

Deno.test("catalogue.entry() knows names, not what every object has", () => {
  assertEquals(builtInCatalogue.entry("biome")?.sources[0]?.source, "npm");
  for (const name of ["constructor", "__proto__", "toString", "nodejs", ""]) {
    assertEquals(builtInCatalogue.entry(name), undefined, name);
  }
});

Deno.test("builtInCatalogue.canonicalName(), builtInCatalogue.source() and builtInCatalogue.toolOfExecutable() answer from the entries", () => {
  assertEquals(["nodejs", "tsc", "biome", "other"].map((name) => builtInCatalogue.canonicalName(name)), [
    "node",
    "typescript",
    "biome",
    "other",
  ]);
  assertEquals(["node", "biome", "other"].map((name) => builtInCatalogue.source(name)), [
    "http",
    "npm",
    undefined,
  ]);
  assertEquals(
    ["rg", "npx", "tsc", "nothing", "constructor"].map((name) => builtInCatalogue.toolOfExecutable(name)),
    [
      "ripgrep",
      "npm",
      "typescript",
      undefined,
      undefined,
    ],
  );
});

function buildsOf(source: ToolSource) {
  return "builds" in source ? source.builds ?? [] : [];
}

function nativeBuilds() {
  return builtInCatalogue.names().flatMap((name) =>
    (builtInCatalogue.entry(name)?.sources ?? []).flatMap((source) =>
      buildsOf(source).flatMap((build) => build.kind === "native" ? [{ name, build }] : [])
    )
  );
}
