import { HaftError } from "../../base/errors.ts";
import type { LockedTool } from "../locked_tool.ts";
import type { ToolRequest } from "../request.ts";
import type { Layout } from "../sources/source.ts";

export interface ChosenComponents {
  layout: Layout;
  /** Globs of files that are left out. */
  exclude: string[];
  /** Whether an artifact is installed, by its number. */
  chosen(artifact: number): boolean;
}

/**
 * What the options leave of a tool: without `components` all of it, else what belongs to no component and
 * those that are named.
 *
 * @throws {HaftError} when a component is named that this version does not have
 */
export function chosenComponents(
  { name, options }: ToolRequest,
  { version }: LockedTool,
  layout: Layout,
): ChosenComponents {
  const exclude = options.exclude_patterns ?? [];
  const { components: wanted } = options;
  if (wanted === undefined) return { layout, exclude, chosen: () => true };
  const known = layout.components ?? {};
  const unknown = wanted.find((one) => !Object.hasOwn(known, one));
  if (unknown !== undefined) {
    throw new HaftError(`"${name}" ${version} has no component "${unknown}"`, {
      next: componentsNext(name, Object.keys(known)),
    });
  }
  const left = Object.entries(known).filter(([one]) => !wanted.includes(one)).map(([, component]) =>
    component
  );
  const gone = new Set(left.flatMap(({ bin }) => bin));
  return {
    layout: {
      ...layout,
      bin: Object.fromEntries(Object.entries(layout.bin).filter(([executable]) => !gone.has(executable))),
    },
    exclude: [...left.flatMap(({ files }) => files.map((file) => `/${file}`)), ...exclude],
    chosen: (artifact) => !left.some(({ artifacts }) => artifacts.includes(artifact)),
  };
}

export function componentsNext(tool: string, known: readonly string[]): string {
  return known.length === 0
    ? `Remove options.components: "${tool}" comes as one`
    : `Choose of ${known.join(", ")}, or remove options.components for all of them`;
}
