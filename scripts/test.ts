import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { build, bundle } from "./build.ts";
import { builderBun, haftFromSource } from "./support/builder.ts";
import { denoTest, runCommand } from "./support/command.ts";
import { projectRoot } from "./support/project.ts";
import { readSummary, type TestSummary } from "./support/test_summary.ts";

/**
 * Everything the tests need, then the tests: the tools of haft.toml, a release binary, a test binary and the
 * bundle for Bun. Arguments (files, `--filter NAME`) go to `deno test`; with `--sources`, the documents'
 * tests run the sources under Deno. The last line of the output is `N passed, N failed`.
 */
const sync = await runCommand([...haftFromSource, "sync"]);
if (sync.code !== 0) throw new Error("haft sync failed, so there is nothing to build with");
const bun = await builderBun();
const binary = await build();
const testBinary = await build({ test: true });
await bundle();

const args = process.argv.slice(2).filter((arg) => arg !== "--sources");
const alone = readdirSync(join(projectRoot, "tests"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith("_alone_test.ts")).map((name) => join("tests", name));
const total: TestSummary = { passed: 0, failed: 0, ignored: 0 };
let failed = false;
// Tests that change what belongs to the whole process (the umask) have it for themselves.
const runs = args.length > 0
  ? [["--parallel", ...args]]
  : [["--parallel", `--ignore=${alone.join(",")}`, "tests/"], alone];
for (const run of runs) {
  const { code, stdout } = await runCommand([...denoTest, ...run], {
    output: "tee",
    env: {
      ...withoutOwnSettings(process.env),
      HAFT_TEST_BUN: bun,
      HAFT_TEST_BINARY: binary.path,
      HAFT_TEST_FAILPOINT_BINARY: testBinary.path,
      ...(process.argv.includes("--sources") ? { HAFT_TEST_SOURCES: "1" } : {}),
      // Both runtimes send even 127.0.0.1 through a proxy, unless told.
      NO_PROXY: "127.0.0.1,localhost",
      no_proxy: "127.0.0.1,localhost",
      DENO_JOBS: String(availableParallelism()),
    },
  });
  const summary = readSummary(stdout);
  if (summary === undefined) console.error("deno test ended without a summary: no test was counted");
  total.passed += summary?.passed ?? 0;
  total.failed += summary?.failed ?? 1;
  total.ignored += summary?.ignored ?? 0;
  failed ||= code !== 0;
}

const skipped = total.ignored === 0 ? "" : `, ${total.ignored} skipped`;
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
process.exitCode = failed || total.failed > 0 || total.passed === 0 ? 1 : 0;

/** A developer's own HAFT_ settings must not reach the tests. */
function withoutOwnSettings(env: NodeJS.ProcessEnv): Record<string, undefined> {
  return Object.fromEntries(
    Object.keys(env).filter((name) => name.startsWith("HAFT_")).map((name) => [name, undefined]),
  );
}
