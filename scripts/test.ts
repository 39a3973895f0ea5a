import { availableParallelism } from "node:os";
import process from "node:process";
import { build, bundle } from "./build.ts";
import { builderBun, haftFromSource } from "./support/builder.ts";
import { deno, runCommand } from "./support/command.ts";
import { readSummary } from "./support/test_summary.ts";

/**
 * Everything the tests need, then the tests: the tools of haft.toml, a release binary, a test binary and the
 * bundle for Bun. Arguments
 * (files, `--filter NAME`) go to `deno test`. The last line of the output is `N passed, N failed`.
 */
const sync = await runCommand([...haftFromSource, "sync"]);
if (sync.code !== 0) throw new Error("haft sync failed, so there is nothing to build with");
const bun = await builderBun();
const binary = await build();
const testBinary = await build({ test: true });
await bundle();

const args = process.argv.slice(2);
const argv = [deno, "test", "-A", "--no-check", "--parallel", ...args.length > 0 ? args : ["tests/"]];
const result = await runCommand(argv, {
  output: "tee",
  env: {
    ...withoutOwnSettings(process.env),
    HAFT_TEST_BUN: bun,
    HAFT_TEST_BINARY: binary.path,
    HAFT_TEST_FAILPOINT_BINARY: testBinary.path,
    // Both runtimes send even 127.0.0.1 through a proxy, unless told.
    NO_PROXY: "127.0.0.1,localhost",
    no_proxy: "127.0.0.1,localhost",
    DENO_JOBS: String(availableParallelism()),
  },
});

const summary = readSummary(result.stdout);
if (summary === undefined) {
  console.error("deno test ended without a summary: no test was counted");
  console.log("0 passed, 1 failed");
  process.exitCode = 1;
} else {
  const { passed, failed, ignored } = summary;
  const skipped = ignored === 0 ? "" : `, ${ignored} skipped`;
  console.log(`${passed} passed, ${failed} failed${skipped}`);
  process.exitCode = result.code !== 0 || failed > 0 || passed === 0 ? 1 : 0;
}

/** A developer's own HAFT_ settings must not reach the tests. */
function withoutOwnSettings(env: NodeJS.ProcessEnv): Record<string, undefined> {
  return Object.fromEntries(
    Object.keys(env).filter((name) => name.startsWith("HAFT_")).map((name) => [name, undefined]),
  );
}
