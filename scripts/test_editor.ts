import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { build } from "./build.ts";
import {
  type EditorPrograms,
  editorPrograms,
  editorVariables,
  installExtension,
} from "./editor/code_server.ts";
import { denoTest, runCommand } from "./support/command.ts";
import { projectRoot } from "./support/project.ts";
import { readSummary } from "./support/test_summary.ts";
import { packExtension } from "./vsix.ts";

/**
 * `deno task test:editor`: the packed extension in a real VS Code (code-server) that a browser drives,
 * against dist/haft. Arguments (files, `--filter NAME`) go to `deno test`; `--if-possible` succeeds where no
 * VS Code can be installed, and says so; `--built` takes dist/haft as it is; `--pictures` writes those of the
 * docs anew. The last line is `N passed, N failed`.
 */
const flags = ["--if-possible", "--built", "--pictures"];
/** Editors at once; most of a test is waiting for one. */
const JOBS = "2";
/** Screenshots that the docs show. */
const PICTURES = ["progress", "apps", "trust", "lenses"];
const args = process.argv.slice(2).filter((arg) => !flags.includes(arg));
const has = (flag: string) => process.argv.includes(flag);

const programs = await editorPrograms().catch((error: unknown) => String(error));
if (typeof programs === "string" && has("--if-possible")) {
  console.log(`The editor's tests did not run: ${programs}`);
  console.log("0 passed, 0 failed, 1 skipped");
} else if (typeof programs === "string") throw new Error(programs);
else process.exitCode = await runTests(programs);

async function runTests(programs: EditorPrograms): Promise<number> {
  const built = join(projectRoot, "dist", "haft");
  const binary = has("--built") && existsSync(built) ? built : (await build()).path;
  const extensions = await installExtension(await packExtension(), programs);
  const screenshots = join(projectRoot, "dist", "editor");
  mkdirSync(screenshots, { recursive: true });
  const paths = args.some((arg) => !arg.startsWith("-")) ? args : [...args, "clients/vscode/tests/"];
  const { code, stdout } = await runCommand([...denoTest, "--parallel", ...paths], {
    output: "tee",
    env: {
      ...editorVariables({ binary, extensions, programs }),
      HAFT_TEST_SCREENSHOTS: screenshots,
      DENO_JOBS: JOBS,
    },
  });
  if (code === 0 && has("--pictures")) {
    for (const name of PICTURES) {
      copyFileSync(join(screenshots, `${name}.png`), join(projectRoot, "docs", "editors", `${name}.png`));
    }
  }
  const { passed, failed } = readSummary(stdout) ?? { passed: 0, failed: 1 };
  console.log(`${passed} passed, ${failed} failed`);
  return code !== 0 || failed > 0 || passed === 0 ? 1 : 0;
}
