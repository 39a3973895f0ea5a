import { completionScript } from "../../src/cli/completion/scripts.ts";
import type { Shell } from "../../src/cli/shell.ts";
import type { PackageFile } from "./package_files.ts";

/** The name by which each shell finds its file in a directory of completions. */
const NAMES: Readonly<Record<Shell, string>> = {
  bash: "haft.bash",
  zsh: "_haft",
  fish: "haft.fish",
  powershell: "_haft.ps1",
};

/** What `haft completions SHELL` prints, for packagers: one file for each shell. */
export function completionFiles(): PackageFile[] {
  const shells = Object.entries(NAMES) as [Shell, string][];
  return shells.map(([shell, name]) => ({
    path: `completions/${name}`,
    content: completionScript(shell),
  }));
}
