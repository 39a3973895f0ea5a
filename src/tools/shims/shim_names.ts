import { delimiter } from "node:path";
import process from "node:process";
import { builtInCatalogue, declaredBy } from "../catalogue/catalogue.ts";
import { isCatalogued, toolSource } from "../catalogue/tool_source.ts";
import { programOnPath } from "../program_on_path.ts";
import { isExecutableName } from "../sources/build.ts";
import type { Receipt } from "../store/receipt.ts";
import { isSystemCommand } from "../system_commands.ts";

/** An executable without a shim. */
export interface WithheldShim {
  name: string;
  /** As the manifest names it. */
  tool: string;
}

/** Where a system has its commands, whatever PATH is while haft runs: in a container, under cron, by sudo. */
const SYSTEM_DIRECTORIES = process.platform === "win32"
  ? ["C:\\Windows\\System32", "C:\\Windows"]
  : ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin", "/opt/homebrew/bin"];

/**
 * Which executables of the store get a shim. What the catalogue names for a tool always does; any other
 * package's executable does unless it would hide a command of the system, is another tool's by the catalogue,
 * or its user allows it.
 *
 * @param allowed names that the user's own settings give to packages
 */
export function shimNames(
  receipts: readonly Pick<Receipt, "tool" | "bin" | "definition">[],
  { PATH, allowed }: { PATH: string | undefined; allowed: readonly string[] },
): { names: string[]; withheld: WithheldShim[] } {
  const names = new Set<string>();
  const withheld = new Map<string, WithheldShim>();
  const everywhere = [...SYSTEM_DIRECTORIES, ...PATH === undefined ? [] : [PATH]].join(delimiter);
  // Some file systems take "Git" for "git".
  const hides = (name: string) =>
    isSystemCommand(name) || isOfCatalogue(name.toLowerCase()) ||
    [name, name.toLowerCase()].some((one) => programOnPath(one, { PATH: everywhere }) !== undefined);
  for (const { tool, bin, definition } of receipts) {
    const catalogued = definition === undefined ? cataloguedNames(tool) : NONE;
    for (const name of Object.keys(bin)) {
      // A shim called haft would hide haft from its own shims.
      if (name === "haft" || !isExecutableName(name)) continue;
      if (catalogued.has(name) || allowed.includes(name) || !hides(name)) names.add(name);
      else withheld.set(name, { name, tool });
    }
  }
  return {
    names: [...names].sort(),
    withheld: [...withheld.values()].filter(({ name }) => !names.has(name))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

/** What a manifest defines is as little known as any package. */
const NONE: ReadonlySet<string> = new Set();

function isOfCatalogue(name: string): boolean {
  return builtInCatalogue.entry(name) !== undefined || builtInCatalogue.toolOfExecutable(name) !== undefined;
}

/** What any of the tool's sources names: a JDK has `javac`, the runtime that is preferred to it has not. */
function cataloguedNames(tool: string): ReadonlySet<string> {
  const entry = builtInCatalogue.entry(tool);
  if (entry !== undefined) return new Set(entry.sources.flatMap(declaredBy));
  try {
    const source = toolSource({ name: tool, definition: null });
    // A stranger's `go:example.com/cmd/git` says by itself that its executable is "git".
    return isCatalogued(source) ? new Set(declaredBy(source)) : NONE;
  } catch {
    // Installed by a haft that knew the name.
    return NONE;
  }
}

/**
 * What to tell about executables without a shim; undefined when there is none.
 *
 * @param config the user's own settings file, as messages show it
 */
export function withheldWarning(withheld: readonly WithheldShim[], config: string): string | undefined {
  const [first] = withheld;
  if (first === undefined) return undefined;
  const list = withheld.map(({ name, tool }) => `"${name}" (${tool})`).join(", ");
  const names = withheld.map(({ name }) => JSON.stringify(name)).join(", ");
  return `no shim for ${list}: the system, or a tool of the catalogue, has a command of that name
  "haft x ${first.name}" runs it. To have its shim as well, write
  allowed_shims = [${names}] under [settings] in ${config}, then run "haft shims"`;
}
