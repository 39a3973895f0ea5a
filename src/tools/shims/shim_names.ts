import { declaredBy } from "../catalogue/catalogue.ts";
import { toolSource } from "../catalogue/tool_source.ts";
import { programOnPath } from "../program_on_path.ts";
import { isExecutableName } from "../sources/build.ts";
import type { Receipt } from "../store/receipt.ts";
import { SYSTEM_COMMANDS } from "../system_commands.ts";

/** An executable without a shim. */
export interface WithheldShim {
  name: string;
  /** As the manifest names it. */
  tool: string;
}

/**
 * Which executables of the store get a shim. What the catalogue names for a tool always does; any other
 * package's executable does unless it would hide a command of the system, or its user allows it.
 *
 * @param allowed names that the user's own settings give to packages
 */
export function shimNames(
  receipts: readonly Pick<Receipt, "tool" | "bin">[],
  { PATH, allowed }: { PATH: string | undefined; allowed: readonly string[] },
): { names: string[]; withheld: WithheldShim[] } {
  const names = new Set<string>();
  const withheld = new Map<string, WithheldShim>();
  const hides = (name: string) => SYSTEM_COMMANDS.has(name) || programOnPath(name, { PATH }) !== undefined;
  for (const { tool, bin } of receipts) {
    const catalogued = cataloguedNames(tool);
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

function cataloguedNames(tool: string): ReadonlySet<string> {
  try {
    return new Set(declaredBy(toolSource({ name: tool })));
  } catch {
    // Installed by a haft that knew the name.
    return new Set();
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
  return `no shim for ${list}: the system has a command of that name
  "haft x ${first.name}" runs it. To have its shim as well, write
  allowed_shims = [${names}] under [settings] in ${config}, then run "haft shims"`;
}
