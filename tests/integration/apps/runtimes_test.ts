/** The cases that depend on the runtime, under both. */
import { assert, assertEquals } from "@std/assert";
import { appCases } from "../../support/app_cases.ts";
import { bundle, findBun, skipBun } from "../../support/bun_runtime.ts";

for (const { name, run } of appCases) Deno.test(name, run);

Deno.test({
  name: "the cases hold under Bun",
  ignore: skipBun,
  fn: async (t) => {
    const bun = findBun();
    assert(bun !== undefined);
    const directory = await Deno.makeTempDir({ prefix: "haft-t-" });
    try {
      const file = await bundle(new URL("../../support/app_cases_run.ts", import.meta.url), directory);
      const { stdout, code } = await new Deno.Command(bun, { args: [file], stdin: "null", stderr: "inherit" })
        .output();
      const results = new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
      for (const { name, ok, error } of results) await t.step(name, () => assert(ok, error));
      assertEquals([results.length, code], [appCases.length, 0]);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
