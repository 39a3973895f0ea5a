import { assertEquals } from "@std/assert";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resolvePaths } from "../../../../src/base/paths.ts";
import { sweepDownloads } from "../../../../src/tools/install/sweep_downloads.ts";
import { Store } from "../../../../src/tools/store/store.ts";

Deno.test("sweepDownloads() removes what is old or installed by now, and nothing that is in use", async () => {
  const home = await Deno.makeTempDir({ prefix: "haft-downloads-" });
  try {
    const paths = resolvePaths({ env: { HAFT_HOME: home }, platform: "linux", home });
    const store = new Store(paths);
    const digest = "0123456789abcdef";
    mkdirSync(paths.downloads, { recursive: true });
    for (const owner of ["dead@1.0.0", "live@1.0.0", "npm+@a+b@1.0.0", "mine@1.0.0"]) {
      writeFileSync(join(paths.downloads, `${owner}-${digest}.part`), "x");
      writeFileSync(join(paths.downloads, `${owner}-${digest}.part.json`), "{}");
    }
    // Neither is a name that haft gives.
    writeFileSync(join(paths.downloads, "notes"), "x");
    writeFileSync(join(paths.downloads, `..@1-${digest}.part`), "x");
    using _live = await store.lock("live", "1.0.0");
    using _mine = await store.lock("mine", "1.0.0");
    const held = "mine@1.0.0";
    assertEquals(sweepDownloads(paths.downloads, { store, held }), []);
    const later = Date.now() + 8 * 24 * 60 * 60_000;
    assertEquals(sweepDownloads(paths.downloads, { store, held, now: later }), [
      `dead@1.0.0-${digest}.part`,
      `npm+@a+b@1.0.0-${digest}.part`,
    ]);
    assertEquals(readdirSync(paths.downloads).sort(), [
      `..@1-${digest}.part`,
      `live@1.0.0-${digest}.part`,
      `live@1.0.0-${digest}.part.json`,
      `mine@1.0.0-${digest}.part`,
      `mine@1.0.0-${digest}.part.json`,
      "notes",
    ]);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
