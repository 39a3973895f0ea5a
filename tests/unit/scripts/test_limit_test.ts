import { assertEquals, assertMatch } from "@std/assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { denoTest, runCommand } from "../../../scripts/support/command.ts";

const endless = `
const never = () => new Promise((resolve) => setInterval(resolve, 1_000)).then(never);
Deno.test("name and function", never);
Deno.test("name, options and function", { sanitizeOps: false }, never);
Deno.test(async function named() { await never(); });
Deno.test({ name: "definition", fn: never });
Deno.test.ignore("ignored", never);
Deno.test("ends", () => {});
`;

Deno.test("a test that does not end fails with its name and place, whatever form it has; the others go on", async () => {
  const directory = mkdtempSync(join(tmpdir(), "haft-limit-"));
  try {
    const file = join(directory, "endless_test.ts");
    writeFileSync(file, endless);
    const { code, stdout } = await runCommand([...denoTest, file], {
      output: "capture",
      env: { HAFT_TEST_LIMIT_MS: "200", NO_COLOR: "1" },
      timeoutMs: 60_000,
    });
    assertEquals(code, 1);
    const results = stdout.split("\n").map((line) => / => (.+) \.\.\. (\w+)|^(.+) \.\.\. (\w+)/.exec(line))
      .filter((match) => match !== null).map((match) => `${match[1] ?? match[3]}: ${match[2] ?? match[4]}`);
    assertEquals(results, [
      "name and function: FAILED",
      "name, options and function: FAILED",
      "named: FAILED",
      "definition: FAILED",
      "ignored: ignored",
      "ends: ok",
    ]);
    assertMatch(stdout, /The test did not end within 0\.2 s\n\s+at .*endless_test\.ts:3:/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
