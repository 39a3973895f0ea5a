import { builtInCatalogue, type Catalogue } from "../catalogue/catalogue.ts";
import type { OwnEntries, OwnEntry } from "../catalogue/catalogue_schema.ts";
import type { ToolDefinition } from "../catalogue/definition.ts";
import type { ManifestProblem } from "./manifest_problem.ts";

/** The definitions of a `[catalogue]`, by their tools' names. */
export function definitionsOf(
  entries: OwnEntries,
  { file, isUsers }: Omit<ToolDefinition, "entry">,
): ReadonlyMap<string, ToolDefinition> {
  return new Map(
    Object.entries(entries).map(([name, { description = "", sources, aliases }]) => [name, {
      entry: { description, sources, ...(aliases === undefined ? {} : { aliases }) },
      file,
      isUsers,
    }]),
  );
}

/** Definitions whose names, or other names, are those of haft's own tools, without saying so. */
export function definitionProblems(entries: OwnEntries): ManifestProblem[] {
  return Object.entries(entries).flatMap(([name, entry]) =>
    entry.override === true ? [] : taken(name, entry)
  );
}

function taken(name: string, { aliases = [] }: OwnEntry): ManifestProblem[] {
  const ownNames: [keys: ManifestProblem["keys"], word: string][] = [
    [["catalogue", name], name],
    ...aliases.map((alias, index): [ManifestProblem["keys"], string] => [
      ["catalogue", name, "aliases", index],
      alias,
    ]),
  ];
  return ownNames.flatMap(([keys, word]) => {
    const owner = ownerOf(word, builtInCatalogue);
    return owner === undefined ? [] : [{
      keys,
      message: `key "${keys.join(".")}" takes the name of "${owner}", which haft has in its own catalogue`,
      next: `Choose another name, or write override = true under [catalogue.${name}] to replace haft's`,
    }];
  });
}

function ownerOf(word: string, catalogue: Catalogue): string | undefined {
  const canonical = catalogue.canonicalName(word);
  return catalogue.entry(canonical) === undefined ? undefined : canonical;
}
