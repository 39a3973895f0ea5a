import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import process from "node:process";
import { HaftError } from "../../base/errors.ts";
import { randomId } from "../../base/random_id.ts";
import { runtime } from "../../runtime/mod.ts";
import { isolatedBunFlags } from "../../tools/project/own_bun.ts";
import type { Context } from "../command.ts";

/**
 * What a configuration that is a program exports, as JSON would carry it. A process of its own runs it: it
 * may change its globals, print or end as it likes.
 *
 * @throws {HaftError} when it fails, or exports nothing
 */
export async function evaluateConfig(path: string, { cwd, env, paths, signal }: Context): Promise<unknown> {
  const mark = randomId();
  const [program = "", ...flags] = evaluator(paths.state);
  const child = spawn(program, [...flags, loader(path, mark)], {
    cwd,
    env: { ...env, ...(runtime.isCompiled ? { BUN_BE_BUN: "1" } : {}) },
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => resolve());
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  const found = stdout.lastIndexOf(mark);
  const result = found === -1 ? undefined : JSON.parse(stdout.slice(found + mark.length));
  if (result?.error !== undefined || result?.value === undefined) {
    const why = result?.error ?? stderr.trim().split("\n").at(-1) ?? "";
    throw new HaftError(`Cannot read "${path}": ${why === "" ? "it exports nothing" : why}`, {
      next: "Correct it, or write its apps out as JSON",
    });
  }
  return result.value;
}

/** A runtime that takes a program's text as its last word. */
function evaluator(stateDirectory: string): string[] {
  return runtime.name === "bun"
    ? [process.execPath, ...isolatedBunFlags(stateDirectory), "-e"]
    : [process.execPath, "eval", "--quiet"];
}

/** A word of the program's text: it is no import of this module. */
const IMPORT = "import";

/** `require` takes CommonJS whatever the ending; what it refuses is a module. */
function loader(path: string, mark: string): string {
  return `(async () => {
  const { createRequire } = await import("node:module");
  const { pathToFileURL } = await import("node:url");
  const path = ${JSON.stringify(path)};
  const load = async () => {
    if (!/\\.m[jt]s$/.test(path)) {
      try {
        return createRequire(path)(path);
      } catch (error) {
        if (!(error instanceof SyntaxError) && error?.code !== "ERR_REQUIRE_ESM") throw error;
      }
    }
    return await ${IMPORT}(pathToFileURL(path).href);
  };
  let result;
  try {
    const exported = await load();
    const value = exported?.default ?? exported;
    result = { value: await (typeof value === "function" ? value() : value) };
  } catch (error) {
    result = { error: String(error?.message ?? error) };
  }
  let answer;
  try {
    answer = JSON.stringify(result);
  } catch {
    answer = JSON.stringify({ error: "what it exports is no data: it refers to itself, or has a BigInt" });
  }
  process.stdout.write(${JSON.stringify(mark)} + answer, () => process.exit());
})();`;
}
