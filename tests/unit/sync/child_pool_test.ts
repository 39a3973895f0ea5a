import { assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import type { InstallConfig } from "../../../src/protocol/install.ts";
import { ChildPool } from "../../../src/sync/child_pool.ts";
import type { InstallProcess } from "../../../src/sync/install_process.ts";

/** A pool of processes that install at once, but the first job, which waits to be let go. */
function poolOf({ idle }: { idle: () => boolean }) {
  const first = Promise.withResolvers<void>();
  let created = 0;
  const pool = new ChildPool({
    atOnce: 1,
    patience: 10,
    idle,
    create() {
      const own = created++;
      const fake = {
        usable: true,
        async install(config: InstallConfig) {
          if (own === 0 && config.tool_name === "first") await first.promise;
          return { state: "completed", tool: config.tool_name };
        },
        end: () => Promise.resolve(),
      };
      return fake as unknown as InstallProcess;
    },
  });
  const signal = new AbortController().signal;
  const install = (tool: string) =>
    pool.install({ kind: "native", tool_name: tool, options: {} } as InstallConfig, { signal });
  return { install, letGo: () => first.resolve(), created: () => created };
}

Deno.test("ChildPool lets jobs wait, and everything else go on, while processors are busy", async () => {
  const { install, letGo, created } = poolOf({ idle: () => false });
  const jobs = ["first", "second", "third"].map(install);
  // Longer than the patience: a pool that looks again and again lets no timer fire.
  await delay(50);
  assertEquals(created(), 1);
  letGo();
  assertEquals((await Promise.all(jobs)).map(({ tool }) => tool), ["first", "second", "third"]);
  assertEquals(created(), 1);
});

Deno.test("ChildPool starts a further process for a job that waits where processors are idle", async () => {
  const { install, letGo, created } = poolOf({ idle: () => true });
  const first = install("first");
  await install("second");
  assertEquals(created(), 2);
  letGo();
  await first;
});
