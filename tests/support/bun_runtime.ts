import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";

/**
 * The Bun that the cross-runtime tests run: `HAFT_TEST_BUN` (set by `deno task test` to the one that haft
 * installed), else the first on PATH. `HAFT_TEST_BUN=skip` gives undefined: those tests are then ignored.
 *
 * @throws when there is none, so that a missing runtime is not mistaken for a passing test
 */
export function findBun(): string | undefined {
  const named = process.env["HAFT_TEST_BUN"];
  if (named === "skip") return undefined;
  if (named !== undefined && named !== "") return named;
  for (const directory of (process.env["PATH"] ?? "").split(delimiter)) {
    const candidate = join(directory, process.platform === "win32" ? "bun.exe" : "bun");
    if (directory !== "" && existsSync(candidate)) return candidate;
  }
  throw new Error(
    "No Bun to test with. Run `deno task sync` and set HAFT_TEST_BUN to the bun it installed, or HAFT_TEST_BUN=skip",
  );
}

/** True when the tests that need Bun are to be left out by request. */
export const skipBun = process.env["HAFT_TEST_BUN"] === "skip";

/** Bundles a module (Bun does not read deno.json's import map) and gives the path of the one file. */
export async function bundle(entry: URL, directory: string): Promise<string> {
  const output = join(directory, "bundle.js");
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--config", projectFile("deno.json"), "-o", output, entry.pathname],
    stdout: "null",
    stderr: "piped",
  }).output();
  if (code !== 0) throw new Error(`deno bundle failed: ${new TextDecoder().decode(stderr)}`);
  return output;
}

function projectFile(name: string): string {
  return new URL(`../../${name}`, import.meta.url).pathname;
}
