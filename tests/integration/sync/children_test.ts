import { assert, assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { SyncEvent } from "../../../src/protocol/sync_event.ts";
import { createChildInstaller } from "../../../src/sync/child_installer.ts";
import { runSync, type SyncOptions } from "../../../src/sync/run_sync.ts";
import { Store } from "../../../src/tools/store/store.ts";
import { locked, request } from "../../unit/sync/support.ts";
import { fakeChild, isAlive, type Sandbox, sandbox } from "./support.ts";

const TOOLS = ["biome", "esbuild", "dprint", "turbo"];

/** A whole sync whose children all behave in this way. */
async function syncWith(
  mode: string,
  { box, options = {}, silence = 60_000, watch = () => {} }: {
    box: Sandbox;
    options?: Partial<SyncOptions>;
    silence?: number;
    watch?: (event: SyncEvent, stop: AbortController) => void;
  },
) {
  const home = join(box.root, "home");
  const paths = {
    store: join(home, "store"),
    staging: join(home, "store", ".staging"),
    locks: join(home, "locks"),
  };
  const stop = new AbortController();
  const events: SyncEvent[] = [];
  const finished = await runSync(
    { mode: "install", jobs: 8, force: false, locked: false, offline: false, failFast: false, ...options },
    {
      project: {
        root: box.root,
        lockPath: join(box.root, "haft.lock"),
        requests: TOOLS.map((name) => request(name, "1")),
      },
      platform: "linux-x64-glibc",
      store: new Store(paths),
      paths,
      signal: stop.signal,
      emit(event) {
        events.push(event);
        watch(event, stop);
      },
      resolver: () => Promise.resolve((asked) => Promise.resolve(locked(asked.name, asked.version, "1.2.3"))),
      installer: () =>
        Promise.resolve(
          createChildInstaller({ env: box.env, silence, command: fakeChild(mode) }),
        ),
    },
  );
  const outcome = (type: SyncEvent["type"]) =>
    events.flatMap((event) => event.type === type && "tool" in event ? [event.tool] : []).toSorted();
  return { finished, events, outcome, store: paths.store };
}

function assertNothingLeft(box: Sandbox, store: string) {
  assertEquals(box.sockets(), []);
  for (const { pid } of box.journal()) assert(!isAlive(pid), `process ${pid} is still there`);
  assertEquals(existsSync(store), false);
}

Deno.test("runSync() starts at most --jobs children at a time", async () => {
  await using box = await sandbox();
  let running = 0;
  let most = 0;
  const { finished } = await syncWith("failed", {
    box,
    options: { jobs: 2 },
    watch(event) {
      if (event.type === "tool.started") most = Math.max(most, ++running);
      if (event.type === "tool.failed") running--;
    },
  });
  assertEquals([finished.failed, most], [4, 2]);
  assertEquals(box.journal().length, 4);
});

Deno.test("runSync() whose children all die silently fails with a reason for each, and leaves nothing", async () => {
  await using box = await sandbox();
  const { finished, outcome, store } = await syncWith("silent", { box });
  assertEquals([finished.ok, outcome("tool.failed")], [false, TOOLS.toSorted()]);
  assertNothingLeft(box, store);
});

Deno.test("runSync() whose children hang gives up on each of them", async () => {
  await using box = await sandbox();
  const { finished, store } = await syncWith("endless", { box, silence: 400 });
  assertEquals([finished.ok, finished.failed], [false, 4]);
  assertNothingLeft(box, store);
});

Deno.test("runSync() that is aborted stops all children and leaves neither process, socket nor store", async () => {
  await using box = await sandbox();
  let busy = 0;
  const { finished, store } = await syncWith("slow", {
    box,
    watch(event, stop) {
      if (event.type === "tool.started" && ++busy === 2) stop.abort(new Error("Ctrl-C"));
    },
  });
  assertEquals([finished.ok, finished.cancelled], [false, 4]);
  assertNothingLeft(box, store);
});

Deno.test("runSync() --fail-fast stops the children of the other tools", async () => {
  await using box = await sandbox();
  const { finished, outcome, store } = await syncWith("mixed", { box, options: { failFast: true } });
  assertEquals(outcome("tool.failed"), ["biome"]);
  assertEquals(outcome("tool.cancelled"), ["dprint", "esbuild", "turbo"]);
  assertEquals(finished.ok, false);
  assertNothingLeft(box, store);
});
