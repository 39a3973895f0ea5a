/** The package as `npm install` takes it, compiled against and run by Bun. */
import { assertEquals } from "@std/assert";
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { writeTypescriptPackage } from "../../../scripts/release/typescript_package.ts";
import { runCommand } from "../../../scripts/support/command.ts";
import { projectRoot } from "../../../scripts/support/project.ts";

/** The examples of the package's README, which need no daemon. */
function examples(): string {
  const readme = readFileSync(join(projectRoot, "packaging", "typescript_readme.md"), "utf8");
  const blocks = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code ?? "");
  return blocks.find((code) => code.includes("LocalSocketServer")) ?? "";
}

Deno.test("@haft/haft: the README's program compiles in strict TypeScript and runs under Bun", async () => {
  const directory = mkdtempSync(join(tmpdir(), "haft-package-"));
  const path = await writeTypescriptPackage({ version: "0.0.1", outDir: directory });
  writeFileSync(join(directory, "package.json"), '{ "type": "module" }');
  const program = `${examples()}
import { DaemonClient } from "@haft/haft/client";
const connect: typeof DaemonClient.connect = DaemonClient.connect;
console.log(typeof connect);
process.exit(0);
`;
  writeFileSync(join(directory, "program.ts"), program);
  const compilerOptions = {
    target: "es2022",
    module: "nodenext",
    strict: true,
    types: ["node"],
    lib: ["esnext"],
  };
  writeFileSync(join(directory, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["program.ts"] }));
  const options = { cwd: directory, output: "capture" } as const;
  const quiet = ["--no-audit", "--no-fund", "--ignore-scripts"];
  const installed = await runCommand(
    ["npm", "install", ...quiet, path, "typescript@5.9.3", "@types/node@20.19.0"],
    options,
  );
  assertEquals(installed.code, 0, installed.stderr);
  const compiled = await runCommand(["node", "node_modules/typescript/bin/tsc", "-p", "."], options);
  assertEquals(compiled.code, 0, compiled.stdout);
  chmodSync(directory, 0o700);
  const run = await runCommand([process.env["HAFT_TEST_BUN"] ?? "bun", "program.js"], {
    ...options,
    env: { XDG_RUNTIME_DIR: directory },
  });
  assertEquals([run.code, run.stdout.split("\n").at(-2)], [0, "function"], run.stderr);
});
