import { assertEquals } from "@std/assert";
import { join } from "node:path";
import process from "node:process";
import { resolvePaths } from "../../../src/base/paths.ts";
import type { SyncEvent } from "../../../src/protocol/sync_event.ts";
import { installTargets } from "../../../src/sync/install_targets.ts";
import { hostPlatform } from "../../../src/tools/host_platform.ts";
import { openProject } from "../../../src/tools/project/project.ts";
import { locked } from "./support.ts";

// What the daemon's `tool.install` runs.
Deno.test("installTargets() does not believe an installer that left nothing in the store", async () => {
  const root = await Deno.makeTempDir();
  try {
    const env = { HAFT_HOME: join(root, "haft") };
    const paths = resolvePaths({ env, platform: process.platform, home: root });
    const project = openProject(root, { env, home: root, paths });
    const entry = locked("biome", "2", "2.0.0");
    const artifacts = entry.platforms["linux-x64-glibc"] ?? [];
    const events: SyncEvent[] = [];
    const { ok, installed } = await installTargets(
      { targets: [{ name: "biome", version: "2" }], force: false, offline: false, jobs: 1 },
      {
        project,
        resolve: () => Promise.resolve({ ...entry, platforms: { [hostPlatform()]: artifacts } }),
        install: (config) =>
          Promise.resolve({
            state: "completed",
            tool: "biome",
            version: "2.0.0",
            install_path: project.store.directory(config.store_id, config.version),
            already_installed: false,
            dependencies_lock: null,
          }),
        emit: (event) => void events.push(event),
        signal: new AbortController().signal,
      },
    );
    assertEquals([ok, installed], [false, []]);
    const failure = events.find(({ type }) => type === "tool.failed");
    assertEquals(
      failure?.type === "tool.failed" && failure.error,
      "The install process reported success, but the store does not hold what was asked for",
    );
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
