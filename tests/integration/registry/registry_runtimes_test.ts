/** The HTTP client and the registry client keep their promises under Bun, too. */
import { assert, assertEquals } from "@std/assert";
import { bundle, findBun, skipBun } from "../../support/bun_runtime.ts";
import { httpCases } from "../../support/http_cases.ts";
import { registryCases } from "../../support/registry_cases.ts";

const RUN_CASES = new URL("../../support/run_cases.ts", import.meta.url);

Deno.test({
  name: "the HTTP and registry cases hold under Bun",
  ignore: skipBun,
  async fn(t) {
    const bun = findBun();
    assert(bun !== undefined);
    const directory = await Deno.makeTempDir({ prefix: "haft-registry-" });
    try {
      const file = await bundle(RUN_CASES, directory);
      const { stdout } = await new Deno.Command(bun, {
        args: ["--no-install", file],
        stdout: "piped",
        stderr: "inherit",
      }).output();
      const results = new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
      assertEquals(results.length, httpCases.length + registryCases.length);
      for (const { name, ok, error } of results) await t.step(name, () => assert(ok, error));
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
