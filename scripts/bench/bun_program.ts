import { basename, join } from "node:path";
import { builderBun } from "../support/builder.ts";
import { deno, mustRun } from "../support/command.ts";
import { projectRoot } from "../support/project.ts";

/**
 * Bundles one script of scripts/bench/ into `directory` and gives the argv that runs it under the project's
 * own bun.
 */
export async function bunProgram(script: string, directory: string): Promise<string[]> {
  return [await builderBun(), "--no-install", await bundled(script, directory)];
}

/** The same as a program that is compiled as haft is. @returns its path */
export async function compiledProgram(script: string, directory: string): Promise<string> {
  const program = join(directory, basename(script, ".ts"));
  const flags = [
    ...["--compile", "--minify", "--bytecode", "--format=esm", "--splitting", "--compile-jit-policy=100"],
    ...["--no-compile-autoload-dotenv", "--no-compile-autoload-bunfig"],
  ];
  const source = await bundled(script, directory);
  await mustRun([await builderBun(), "build", ...flags, source, "--outfile", program], { cwd: directory });
  return program;
}

async function bundled(script: string, directory: string): Promise<string> {
  const path = join(directory, basename(script).replace(/\.ts$/, ".js"));
  const source = join(projectRoot, "scripts", "bench", script);
  await mustRun([deno, "bundle", "--quiet", "--platform=deno", "--external=bun:*", "-o", path, source]);
  return path;
}
