import { homedir, tmpdir } from "node:os";
import { projectRoot } from "../../support/project.ts";

/**
 * Why something failed, in a line that means something on another machine: without its directories, and
 * without the addresses that its registries have.
 */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const lines = text.trim().split("\n").slice(0, 2).join("; ");
  return [[projectRoot, "haft"], [tmpdir(), "tmp"], [homedir(), "~"]]
    .reduce((line, [path = "", name = ""]) => line.replaceAll(path, name), lines)
    .replaceAll(/\w+:\/\/\S+/g, "an address")
    .slice(0, 300);
}
