import process from "node:process";
import { buildSite } from "./site.ts";
import { chromiumProgram } from "./support/chromium.ts";
import { denoTest, runCommand } from "./support/command.ts";
import { readSummary } from "./support/test_summary.ts";

/**
 * `deno task test:site`: the site as `deno task site` makes it, in a real browser. Arguments (files,
 * `--filter NAME`) go to `deno test`; `--if-possible` succeeds where there can be no browser, and says so.
 * The last line is `N passed, N failed`.
 */
const args = process.argv.slice(2).filter((arg) => arg !== "--if-possible");
const program = await chromiumProgram().catch((error: unknown) => error);
if (typeof program === "string") process.exitCode = await runTests(program);
else if (!process.argv.includes("--if-possible")) throw program;
else {
  console.log(`The site's tests did not run: ${program}`);
  console.log("0 passed, 0 failed, 1 skipped");
}

async function runTests(chromium: string): Promise<number> {
  const site = await buildSite();
  const paths = args.some((arg) => !arg.startsWith("-")) ? args : [...args, "site/tests/"];
  const { code, stdout } = await runCommand([...denoTest, ...paths], {
    output: "tee",
    env: {
      HAFT_TEST_SITE: site,
      HAFT_TEST_CHROMIUM: chromium,
      NO_PROXY: "127.0.0.1,localhost",
      no_proxy: "127.0.0.1,localhost",
    },
  });
  const { passed, failed } = readSummary(stdout) ?? { passed: 0, failed: 1 };
  console.log(`${passed} passed, ${failed} failed`);
  return code !== 0 || failed > 0 || passed === 0 ? 1 : 0;
}
