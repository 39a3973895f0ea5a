import { join } from "node:path";
import { builderBun } from "../support/builder.ts";
import { deno, runCommand } from "../support/command.ts";

/**
 * Bundles one script of scripts/bench/ into `directory` and gives the argv that runs it under the project's
 * own bun.
 */
export async function bunProgram(script: string, directory: string): Promise<string[]> {
  const bun = await builderBun();
  const bundled = join(directory, script.replace(/\.ts$/, ".js"));
  const argv = [
    deno,
    "bundle",
    "--quiet",
    "--platform=deno",
    "--external=bun:*",
    "-o",
    bundled,
    `scripts/bench/${script}`,
  ];
  const { code, stdout, stderr } = await runCommand(argv, { output: "capture" });
  if (code !== 0) throw new Error(`${argv.join(" ")} failed:\n${stdout}${stderr}`);
  return [bun, "--no-install", bundled];
}
