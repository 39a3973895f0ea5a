import process from "node:process";
import { join } from "node:path";
import { projectRoot } from "../support/project.ts";
import { runCommand } from "../support/command.ts";

/**
 * Compiles a C source of scripts/bench/native/ into `directory`; undefined, with a word about it, where there
 * is no compiler.
 */
export async function compileC(name: string, directory: string): Promise<string | undefined> {
  const source = join(projectRoot, "scripts", "bench", "native", `${name}.c`);
  const program = join(directory, name);
  try {
    const argv = [process.env["CC"] ?? "cc", "-O2", "-o", program, source];
    const { code, stderr } = await runCommand(argv, { output: "capture" });
    if (code === 0) return program;
    console.log(`skipped what needs C: ${argv.join(" ")} failed: ${stderr.trim()}`);
  } catch (error) {
    console.log(`skipped what needs C: no compiler (${error instanceof Error ? error.message : error})`);
  }
  return undefined;
}
