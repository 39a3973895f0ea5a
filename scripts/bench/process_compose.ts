import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { runCommand } from "../support/command.ts";

const VERSION = "v1.85.0";
const MODULE = "github.com/f1bonacc1/process-compose";

/**
 * Builds process-compose once, into a cache: `go install` refuses it for the replacements in its go.mod.
 *
 * @returns its executable; undefined, with a word about it, where there is no Go
 */
export async function builtProcessCompose(): Promise<string | undefined> {
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "haft-bench");
  const path = join(cache, `process-compose-${VERSION}`);
  if (existsSync(path)) return path;
  mkdirSync(cache, { recursive: true });
  writeFileSync(join(cache, "go.mod"), "module bench\n");
  try {
    const module = JSON.parse(
      await output(["go", "mod", "download", "-json", `${MODULE}@${VERSION}`], cache),
    );
    await output(["go", "build", "-o", path, "."], String(module.Dir));
    return path;
  } catch (error) {
    console.log(`skipped process-compose: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

async function output(argv: string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await runCommand(argv, { cwd, output: "capture" });
  if (code !== 0) throw new Error(`${argv.join(" ")}: ${stderr}`);
  return stdout;
}
