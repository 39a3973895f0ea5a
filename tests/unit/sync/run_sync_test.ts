import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HaftError } from "../../../src/base/errors.ts";
import type { InstallConfig } from "../../../src/protocol/install.ts";
import type { SyncEvent } from "../../../src/protocol/sync_event.ts";
import { closing, type Installer } from "../../../src/sync/install_one.ts";
import { runSync, type SyncDeps, type SyncOptions } from "../../../src/sync/run_sync.ts";
import type { LockedTool } from "../../../src/tools/locked_tool.ts";
import type { ToolRequest } from "../../../src/tools/request.ts";
import { Store } from "../../../src/tools/store/store.ts";
import { locked, request } from "./support.ts";

const OPTIONS: SyncOptions = {
  mode: "install",
  jobs: 8,
  force: false,
  locked: false,
  offline: false,
  failFast: false,
};

/**
 * A project with a store, a registry that knows every tool at 1.2.3, and an install that only writes the
 * receipt.
 */
class World implements AsyncDisposable {
  readonly root = Deno.makeTempDirSync({ prefix: "haft-run-sync-" });
  readonly lockPath = join(this.root, "haft.lock");
  readonly paths = {
    store: join(this.root, "store"),
    staging: join(this.root, "store", ".staging"),
    locks: join(this.root, "locks"),
  };
  readonly store = new Store(this.paths);
  readonly resolved: string[] = [];
  readonly installs: string[] = [];
  readonly signal = new AbortController();
  requests: ToolRequest[] = [request("biome", "1"), request("esbuild", "1"), request("dprint", "1")];
  resolve: (request: ToolRequest) => Promise<LockedTool> = (asked) =>
    Promise.resolve(locked(asked.name, asked.version, "1.2.3"));
  install: Installer = (config) => Promise.resolve(this.put(config));

  put(config: InstallConfig, change: { path?: string; dependenciesLock?: string } = {}) {
    const path = this.store.directory(config.store_id, config.version);
    mkdirSync(join(path, ".haft"), { recursive: true });
    const { tool_name: tool, store_id, version, platform, kind, artifacts, bin } = config;
    writeFileSync(
      join(path, ".haft", "receipt.json"),
      JSON.stringify({
        schema: 1,
        tool,
        store_id,
        version,
        platform,
        kind,
        artifacts,
        bin,
        signature: "not-offered",
        ...(kind === "js" ? { dependencies: "chosen" } : {}),
        installed_at: new Date().toISOString(),
        haft_version: "0",
      }),
    );
    return {
      state: "completed" as const,
      tool,
      version,
      install_path: change.path ?? path,
      already_installed: false,
      dependencies_lock: change.dependenciesLock ?? null,
    };
  }

  async run(options: Partial<SyncOptions> = {}) {
    const events: SyncEvent[] = [];
    const deps: SyncDeps = {
      project: { root: this.root, lockPath: this.lockPath, requests: this.requests },
      platform: "linux-x64-glibc",
      store: this.store,
      paths: this.paths,
      signal: this.signal.signal,
      emit: (event) => void events.push(event),
      resolver: () =>
        Promise.resolve((asked) => {
          this.resolved.push(asked.name);
          return this.resolve(asked);
        }),
      installer: () =>
        Promise.resolve(closing((config, hooks) => {
          this.installs.push(config.tool_name);
          return this.install(config, hooks);
        })),
    };
    const finished = await runSync({ ...OPTIONS, ...options }, deps);
    const outcome = (type: SyncEvent["type"]) =>
      events.flatMap((event) => event.type === type && "tool" in event ? [event.tool] : []);
    return { events, finished, outcome };
  }

  lockText(): string {
    return readFileSync(this.lockPath, "utf8");
  }

  async [Symbol.asyncDispose]() {
    await Deno.remove(this.root, { recursive: true });
  }
}

Deno.test("runSync() resolves, locks and installs what is missing", async () => {
  await using world = new World();
  const { finished, events } = await world.run();
  assertEquals([finished.ok, finished.installed], [true, 3]);
  assertEquals(events.at(0)?.type, "sync.started");
  assertEquals(events.at(-1), finished);
  assertStringIncludes(world.lockText(), "[tools.biome]");
});

Deno.test("runSync() with nothing to do asks for neither the resolver nor the installer", async () => {
  await using world = new World();
  await world.run();
  const before = world.lockText();
  world.resolved.length = world.installs.length = 0;
  const { finished, events } = await world.run();
  assertEquals([finished.ok, finished.present, finished.installed], [true, 3, 0]);
  assertEquals([world.resolved, world.installs], [[], []]);
  assertEquals(world.lockText(), before);
  assertEquals(events.some(({ type }) => type === "lock.written"), false);
});

Deno.test("runSync() resolves only what the lock does not answer", async () => {
  await using world = new World();
  await world.run();
  world.resolved.length = 0;
  world.requests = [request("biome", "1"), request("turbo", "2")];
  const { finished } = await world.run();
  assertEquals(finished.ok, true);
  assertEquals(world.resolved, ["turbo"]);
  assertEquals(world.lockText().includes("[tools.esbuild]"), false);
});

Deno.test("runSync() --locked refuses to change the lock file, naming the tools", async () => {
  await using world = new World();
  await world.run();
  const before = world.lockText();
  world.requests = [request("biome", "2"), request("esbuild", "1"), request("turbo", "1")];
  const error = await assertRejects(() => world.run({ locked: true }), HaftError, "would change");
  for (const name of ["biome", "turbo", "dprint"]) assertStringIncludes(error.message, name);
  assert(error.next !== undefined);
  assertEquals(world.lockText(), before);
});

Deno.test("runSync() --locked installs what is locked", async () => {
  await using world = new World();
  await world.run();
  await Deno.remove(world.paths.store, { recursive: true });
  assertEquals((await world.run({ locked: true })).finished.installed, 3);
});

Deno.test("runSync() --check changes nothing, asks nobody, and says what is needed", async () => {
  await using world = new World();
  const { finished, events } = await world.run({ mode: "check" });
  assertEquals([finished.ok, finished.needed], [false, 3]);
  assertEquals(world.resolved, []);
  assertEquals(
    existsSync(world.lockPath) || existsSync(world.paths.store) || existsSync(world.paths.locks),
    false,
  );
  assertEquals(events.flatMap((event) => event.type === "tool.needed" ? [event.need] : []), [
    "unresolved",
    "unresolved",
    "unresolved",
  ]);
  await world.run();
  assertEquals((await world.run({ mode: "check" })).finished.ok, true);
  await Deno.remove(world.store.directory("biome", "1.2.3"), { recursive: true });
  const after = await world.run({ mode: "check" });
  assertEquals([after.finished.ok, after.outcome("tool.needed")], [false, ["biome"]]);
});

Deno.test("runSync() --dry-run resolves and changes nothing", async () => {
  await using world = new World();
  const { finished, outcome } = await world.run({ mode: "dry-run" });
  assertEquals(outcome("tool.needed"), ["biome", "esbuild", "dprint"]);
  assertEquals([finished.ok, finished.needed], [true, 3]);
  assertEquals(world.resolved.length, 3);
  assertEquals(existsSync(world.lockPath) || existsSync(world.paths.store), false);
});

Deno.test("runSync() --force installs again what is there", async () => {
  await using world = new World();
  await world.run();
  assertEquals((await world.run({ force: true })).finished.installed, 3);
});

Deno.test("runSync() goes on when one tool cannot be installed", async () => {
  await using world = new World();
  world.install = (config) =>
    config.tool_name === "esbuild"
      ? Promise.reject(new HaftError("no space left", { next: "Free some" }))
      : Promise.resolve(world.put(config));
  const { finished, events } = await world.run();
  assertEquals([finished.ok, finished.installed, finished.failed], [false, 2, 1]);
  assertEquals(events.find(({ type }) => type === "tool.failed"), {
    type: "tool.failed",
    tool: "esbuild",
    version: "1.2.3",
    error: "no space left",
    next: "Free some",
  });
});

Deno.test("runSync() goes on when one tool cannot be resolved, and keeps what was locked for it", async () => {
  await using world = new World();
  await world.run();
  world.requests = [request("biome", "2"), request("turbo", "1")];
  world.resolve = (asked) =>
    asked.name === "biome"
      ? Promise.reject(new HaftError("biome has no version 2"))
      : Promise.resolve(locked(asked.name, asked.version, "1.2.3"));
  const { finished, outcome } = await world.run();
  assertEquals([outcome("tool.failed"), outcome("tool.installed"), finished.ok], [
    ["biome"],
    ["turbo"],
    false,
  ]);
  assertStringIncludes(world.lockText(), "[tools.biome]");
});

Deno.test("runSync() --fail-fast stops the others", async () => {
  await using world = new World();
  world.install = (config, { signal }) =>
    config.tool_name === "biome"
      ? Promise.reject(new HaftError("no"))
      : new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const { finished, outcome } = await world.run({ failFast: true, jobs: 2 });
  assertEquals(outcome("tool.failed"), ["biome"]);
  assertEquals(outcome("tool.cancelled").toSorted(), ["dprint", "esbuild"]);
  assertEquals(world.installs, ["biome", "esbuild"]);
  assertEquals(finished.ok, false);
});

Deno.test("runSync() that is aborted ends with what was not finished cancelled", async () => {
  await using world = new World();
  world.install = (config, { signal }) => {
    if (config.tool_name === "biome") return Promise.resolve(world.put(config));
    queueMicrotask(() => world.signal.abort(new Error("Ctrl-C")));
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  const { finished, outcome } = await world.run({ jobs: 1 });
  assertEquals(outcome("tool.installed"), ["biome"]);
  assertEquals(outcome("tool.cancelled"), ["esbuild", "dprint"]);
  assertEquals(finished.ok, false);
});

Deno.test("runSync() aborted while it resolves writes no lock file", async () => {
  await using world = new World();
  world.resolve = () => {
    world.signal.abort(new Error("Ctrl-C"));
    return Promise.reject(new Error("aborted"));
  };
  const { finished } = await world.run();
  assertEquals([finished.cancelled, existsSync(world.lockPath)], [3, false]);
});

Deno.test("runSync() twice at once resolves each tool once, and both succeed", async () => {
  await using world = new World();
  const results = await Promise.all([world.run(), world.run()]);
  assertEquals(results.map(({ finished }) => finished.ok), [true, true]);
  assertEquals(world.resolved.toSorted(), ["biome", "dprint", "esbuild"]);
});

Deno.test("runSync() does not believe an install that left nothing in the store", async () => {
  await using world = new World();
  world.requests = [request("biome", "1")];
  world.install = (config) =>
    Promise.resolve({
      state: "completed",
      tool: config.tool_name,
      version: config.version,
      install_path: world.store.directory(config.store_id, config.version),
      already_installed: false,
      dependencies_lock: null,
    });
  const { finished, events } = await world.run();
  assertEquals(finished.failed, 1);
  const failure = events.find(({ type }) => type === "tool.failed");
  assertStringIncludes(failure?.type === "tool.failed" ? failure.error : "", "the store does not hold");
});

Deno.test("runSync() keeps an installer's own lock beside the lock file, and --locked refuses to change it", async () => {
  await using world = new World();
  world.requests = [request("prettier", "3")];
  const entry: LockedTool = {
    request: "3",
    version: "3.0.0",
    source: "npm",
    kind: "js",
    platforms: {
      any: [{
        kind: "npm",
        package: "prettier",
        version: "3.0.0",
        integrity: `sha512-${"A".repeat(86)}==`,
      }],
    },
  };
  world.resolve = () => Promise.resolve(entry);
  const seen: (string | null)[] = [];
  let text = "first\n";
  world.install = (config) => {
    seen.push(config.dependencies_lock);
    return Promise.resolve(world.put(config, { dependenciesLock: text }));
  };
  const file = join(world.root, "haft.lock.d", "prettier.bun.lock");
  assertEquals((await world.run()).finished.ok, true);
  assertEquals(readFileSync(file, "utf8"), "first\n");
  text = "second\n";
  assertEquals((await world.run({ force: true, locked: true })).finished.ok, false);
  assertEquals(readFileSync(file, "utf8"), "first\n");
  assertEquals(seen, [null, "first\n"]);
});

Deno.test("runSync() refuses a lock file that is none", async () => {
  await using world = new World();
  writeFileSync(world.lockPath, "this is not toml");
  await assertRejects(() => world.run(), HaftError, "haft.lock");
});

Deno.test("runSync() of a project without tools writes nothing", async () => {
  await using world = new World();
  world.requests = [];
  assertEquals((await world.run()).finished.ok, true);
  assertEquals(existsSync(world.lockPath), false);
});
