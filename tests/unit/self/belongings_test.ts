import { assertEquals } from "@std/assert";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resolvePaths } from "../../../src/base/paths.ts";
import { foreignEntries } from "../../../src/self/belongings.ts";

Deno.test("foreignEntries() names what HAFT_HOME had before, and not the executable that an installer put there", async () => {
  const home = await Deno.makeTempDir();
  try {
    const paths = resolvePaths({ env: { HAFT_HOME: home }, platform: "linux", home: "/nowhere" });
    const executable = join(home, "bin", "haft");
    for (const name of ["bin", "store", "cache", "state", "config"]) mkdirSync(join(home, name));
    writeFileSync(executable, "");
    assertEquals(foreignEntries(paths, executable).names, []);
    assertEquals(foreignEntries(paths, "/usr/bin/haft").names, ["bin"]);
    writeFileSync(join(home, "bin", "mine"), "");
    writeFileSync(join(home, "notes.txt"), "");
    assertEquals(foreignEntries(paths, executable).names, ["bin", "notes.txt"]);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
