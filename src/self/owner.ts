import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

/** Who replaces haft's executable when there is a newer one. */
export type Owner =
  /** Its own `haft self update`. */
  | { kind: "self" }
  /** Another package manager, by this command. */
  | { kind: "package-manager"; name: string; update: string; remove: string };

/** A packager puts this file beside the executable; its first line is the command that updates haft. */
export const MANAGED_MARK = "haft.managed-by";

const byPath: { name: string; pattern: RegExp; update: string; remove: string }[] = [
  {
    name: "pnpm",
    pattern: /\/(pnpm|\.pnpm)\//,
    update: "pnpm add -g haft@latest",
    remove: "pnpm remove -g haft",
  },
  { name: "Bun", pattern: /\/\.bun\//, update: "bun add -g haft@latest", remove: "bun remove -g haft" },
  {
    name: "Yarn",
    pattern: /\/yarn\/global\//,
    update: "yarn global upgrade haft",
    remove: "yarn global remove haft",
  },
  {
    name: "npm",
    pattern: /\/node_modules\//,
    update: "npm install -g haft@latest",
    remove: "npm uninstall -g haft",
  },
  { name: "Homebrew", pattern: /\/Cellar\//, update: "brew upgrade haft", remove: "brew uninstall haft" },
  { name: "Scoop", pattern: /\/scoop\/apps\//, update: "scoop update haft", remove: "scoop uninstall haft" },
  {
    name: "Nix",
    pattern: /^\/nix\/store\//,
    update: "nix profile upgrade haft",
    remove: "nix profile remove haft",
  },
  {
    name: "the system's package manager",
    pattern: /^\/usr\/bin\//,
    update: "apt upgrade haft",
    remove: "apt remove haft",
  },
];

/** @param executable its path; links are resolved, since package managers link to what they own */
export function ownerOf(executable: string): Owner {
  const path = realpathSync(executable);
  const mark = join(dirname(path), MANAGED_MARK);
  if (existsSync(mark)) {
    const [update = "", remove = update] = readFileSync(mark, "utf8").split("\n").map((line) => line.trim());
    return { kind: "package-manager", name: `the packager (${mark})`, update, remove };
  }
  const found = byPath.find(({ pattern }) => pattern.test(path.replaceAll("\\", "/")));
  if (found === undefined) return { kind: "self" };
  const { name, update, remove } = found;
  return { kind: "package-manager", name, update, remove };
}
