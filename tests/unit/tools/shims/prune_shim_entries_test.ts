import { assertEquals } from "@std/assert";
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pruneShimEntries } from "../../../../src/tools/shims/prune_shim_entries.ts";

Deno.test("pruneShimEntries() removes an earlier haft's entries and those of directories that are gone, alone", () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "prune")));
  try {
    const shimCache = join(root, "cache");
    const [own, other] = ["0123456789abcdef", "fedcba9876543210"].map((name) => join(shimCache, name));
    const [here, gone] = [join(root, "here", "below"), join(root, "gone")];
    mkdirSync(here, { recursive: true });
    const entry = (of: string, directory: string) => join(of, directory, ".haft-run-node");
    const kept = [entry(own ?? "", here), entry(other ?? "", gone)];
    const litter = [entry(own ?? "", gone), entry(shimCache, here), entry(own ?? "", join(here, "gone"))];
    for (const file of [...kept, ...litter]) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, "");
    }
    pruneShimEntries({ shimCache, shimEntries: own ?? "" });
    assertEquals([...kept, ...litter].map((file) => existsSync(file)), [true, true, false, false, false]);
    assertEquals(existsSync(join(shimCache, "tmp")), false);
    // Nothing is there, or nothing is left.
    pruneShimEntries({ shimCache: join(root, "none"), shimEntries: join(root, "none", "x") });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
