import { assertEquals, assertRejects } from "@std/assert";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HaftError } from "../../../src/base/errors.ts";
import type { InstallConfig } from "../../../src/protocol/install.ts";
import type { SyncEvent } from "../../../src/protocol/sync_event.ts";
import type { Completed } from "../../../src/sync/install_conversation.ts";
import { installOne, type InstallOneDeps } from "../../../src/sync/install_one.ts";
import { installConfig } from "../../../src/tools/resolve/install_config.ts";
import { Store } from "../../../src/tools/store/store.ts";
import { locked, request } from "./support.ts";

const CONFIG: InstallConfig = installConfig(request("biome", "2"), locked("biome", "2", "2.0.0"), {
  platform: "linux-x64-glibc",
  projectDir: "/project",
  force: false,
  offline: false,
  origin: "resolved",
  dependenciesLock: null,
});

function completed(path: string): Completed {
  return {
    state: "completed",
    tool: "biome",
    version: "2.0.0",
    install_path: path,
    already_installed: false,
    dependencies_lock: "the installer's own lock\n",
  };
}

function writeReceipt(store: Store, change: Record<string, unknown> = {}): void {
  const directory = join(store.directory("biome", "2.0.0"), ".haft");
  mkdirSync(directory, { recursive: true });
  const { tool_name: tool, store_id, version, platform, kind, artifacts, bin } = CONFIG;
  const receipt = { schema: 1, tool, store_id, version, platform, kind, artifacts, bin, ...change };
  const rest = { signature: "not-offered", installed_at: "2026-01-01T00:00:00Z", haft_version: "0" };
  writeFileSync(join(directory, "receipt.json"), JSON.stringify({ ...rest, ...receipt }));
}

async function run(act: (store: Store) => Completed, more: Partial<InstallOneDeps> = {}) {
  const root = await Deno.makeTempDir();
  const store = new Store({ store: root, staging: join(root, ".staging"), locks: join(root, "locks") });
  const events: SyncEvent[] = [];
  try {
    const deps: InstallOneDeps = {
      store,
      signal: new AbortController().signal,
      emit: (event) => void events.push(event),
      install: (_, { onStarted }) => {
        onStarted(1);
        return Promise.resolve(act(store));
      },
      ...more,
    };
    await installOne("biome", CONFIG, deps);
    return events.map(({ type }) => type);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("installOne() counts a tool as installed when the receipt in the store agrees", async () => {
  const kept: string[] = [];
  const events = await run((store) => {
    writeReceipt(store);
    return completed(store.directory("biome", "2.0.0"));
  }, { keepLock: (text) => void kept.push(text) });
  assertEquals([events, kept], [["tool.started", "tool.installed"], ["the installer's own lock\n"]]);
});

for (
  const [what, act] of [
    ["left no receipt", (store: Store) => completed(store.directory("biome", "2.0.0"))],
    ["left a receipt of other files", (store: Store) => {
      writeReceipt(store, { artifacts: [] });
      return completed(store.directory("biome", "2.0.0"));
    }],
    ["installed somewhere else", (store: Store) => {
      writeReceipt(store);
      return completed("/elsewhere");
    }],
  ] as const
) {
  Deno.test(`installOne() does not believe an installer that ${what}`, async () => {
    await assertRejects(() => run(act), HaftError, "the store does not hold what was asked for");
  });
}
