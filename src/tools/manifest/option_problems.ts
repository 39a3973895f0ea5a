import type { Catalogue } from "../catalogue/catalogue.ts";
import { sourceOf } from "../sources/sources.ts";
import { componentsNext } from "../resolve/chosen_components.ts";
import type { ManifestProblem } from "./manifest_problem.ts";

/**
 * The components of a tool's options that no version of it has; which ones a version has is looked at when it
 * is installed.
 */
export function componentProblems(
  name: string,
  { components = [], catalogue }: { components?: readonly string[] | undefined; catalogue: Catalogue },
): ManifestProblem[] {
  const sources = catalogue.entry(name)?.sources ?? [];
  const known = [...new Set(sources.flatMap((source) => sourceOf(source.source).components?.(source) ?? []))];
  return components.flatMap((component, index) =>
    known.includes(component) ? [] : [{
      keys: ["tools", name, "options", "components", index],
      message: `key "tools.${name}.options.components" names "${component}", which "${name}" does not have`,
      next: componentsNext(name, known),
    }]
  );
}
