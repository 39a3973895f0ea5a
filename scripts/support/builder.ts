import { deno, runCommand } from "./command.ts";

/** haft from the sources, as an argv prefix. */
export const haftFromSource: readonly string[] = [deno, "run", "-A", "--quiet", "main.ts"];

/** The bun of the project's own haft.toml, which `haft sync` installs first where it is missing. */
export async function builderBun(): Promise<string> {
  const asked = [...haftFromSource, "which", "bun"];
  const first = await runCommand(asked, { output: "capture" });
  if (first.code === 0) return first.stdout.trim();
  const sync = await runCommand([...haftFromSource, "sync"]);
  if (sync.code !== 0) {
    throw new Error("The tools of haft.toml are not installed, so there is no bun to build with");
  }
  const second = await runCommand(asked, { output: "capture" });
  if (second.code !== 0) throw new Error(`haft which bun: ${second.stderr.trim()}`);
  return second.stdout.trim();
}
