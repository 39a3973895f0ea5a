import { noServices } from "../../../support/artifact_server.ts";
import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { completeLocked, resolveTool } from "../../../../src/tools/resolve/resolve_tool.ts";
import { lockState } from "../../../../src/tools/lockfile/lock_matches.ts";
import { lacksPublished } from "../../../../src/tools/resolve/install_config.ts";
import { npmArtifact, sha512, toolRequest } from "../lockfile/fixtures.ts";
import { FakeRegistry } from "../sources/fake_registry.ts";

const request = toolRequest("esbuild", "latest");
const mirror = new FakeRegistry(
  { esbuild: { "0.28.2": {} }, "@esbuild/linux-x64": { "0.28.2": {} } },
  { esbuild: { latest: "0.28.2" } },
);
const whole = new FakeRegistry({
  esbuild: { "0.28.2": {}, "0.29.0": {} },
  "@esbuild/linux-x64": { "0.28.2": { dist: { integrity: sha512("Z") } } },
  "@esbuild/darwin-arm64": { "0.28.2": {} },
}, { esbuild: { latest: "0.29.0" } });

Deno.test("lacksPublished() is true where the lock is silent and the catalogue is not", async () => {
  const locked = await resolveTool(request, { ...noServices, registry: mirror });
  assertEquals(lacksPublished(request, locked, "linux-x64-musl"), false);
  assertEquals(lacksPublished(request, locked, "darwin-arm64"), true);
  const deno = toolRequest("deno", "2.9.6");
  assertEquals(lacksPublished(deno, { ...locked, version: "2.9.6" }, "linux-x64-musl"), false);
  assertEquals(lacksPublished(request, { ...locked, kind: "js", platforms: {} }, "darwin-arm64"), false);
  assertEquals(lacksPublished(toolRequest("npm:cowsay", "1"), locked, "darwin-arm64"), false);
});

Deno.test("completeLocked() adds platforms of the same version and leaves the others as they were", async () => {
  const locked = await resolveTool(request, { ...noServices, registry: mirror });
  const complete = await completeLocked(request, locked, { ...noServices, registry: whole });
  assertEquals(complete, {
    ...locked,
    platforms: { ...locked.platforms, "darwin-arm64": [npmArtifact("@esbuild/darwin-arm64", "0.28.2")] },
  });
  assertEquals(complete.request, "latest");
  assertEquals(complete.platforms["linux-x64-glibc"], [npmArtifact("@esbuild/linux-x64", "0.28.2", "A")]);
});

Deno.test("completeLocked() returns the same entry when there is nothing to add", async () => {
  const locked = await resolveTool(request, { ...noServices, registry: mirror });
  assertStrictEquals(
    await completeLocked(request, locked, { ...noServices, registry: mirror }),
    locked,
  );
});

Deno.test("resolveTool() has the tool's own versions where its packages are numbered otherwise", async () => {
  const registry = new FakeRegistry({
    "@vscode/ripgrep": { "1.18.0": {} },
    "@vscode/ripgrep-linux-x64": { "1.18.0": {} },
  });
  for (const version of ["15", "15.0.0", "latest", "1.18.0"]) {
    const request = toolRequest("ripgrep", version);
    const locked = await resolveTool(request, { ...noServices, registry });
    assertEquals(locked.version, "15.0.0");
    assertEquals(locked.platforms["linux-x64-glibc"], [
      npmArtifact("@vscode/ripgrep-linux-x64", "1.18.0", "A"),
    ]);
    assertEquals(lockState(request, locked), "same");
  }
  await assertRejects(
    () => resolveTool(toolRequest("ripgrep", "14"), { ...noServices, registry }),
    Error,
    'Unknown version "14" of tool "ripgrep"',
  );
});
