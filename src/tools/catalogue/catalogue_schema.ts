import * as v from "valibot";
import { findSource, ToolSource } from "../sources/sources.ts";

/**
 * The shape of catalogue.json. Its test validates the file; at run time only the types are used, so that no
 * command pays for validating data that ships with haft.
 */
const CatalogueEntry = v.strictObject({
  description: v.pipe(v.string(), v.nonEmpty()),
  /** Other names that version files use for it. */
  aliases: v.optional(v.array(v.string())),
  /** The first is used unless the manifest names another. */
  sources: v.pipe(v.array(ToolSource), v.minLength(1)),
});
export type CatalogueEntry = v.InferOutput<typeof CatalogueEntry>;

export const CatalogueName = v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]{0,63}$/, "a tool's name"));

export const CatalogueData = v.record(CatalogueName, CatalogueEntry);
export type CatalogueData = v.InferOutput<typeof CatalogueData>;

/** `npm:prettier` for the source that the name stands for. */
const DirectSource = v.pipe(
  v.string(),
  v.check((text) => directSource(text) !== undefined, 'a source and a name, such as "npm:prettier"'),
  v.transform((text) => directSource(text) ?? v.parse(ToolSource, text)),
);

/** `[catalogue.NAME]`: an entry as haft's own catalogue has it. */
const OwnEntry = v.strictObject({
  description: v.optional(CatalogueEntry.entries.description),
  aliases: v.optional(v.array(CatalogueName)),
  sources: v.pipe(v.array(v.union([DirectSource, ToolSource])), v.minLength(1, "at least one source")),
  /** Stands in for the tool of that name in haft's own catalogue. */
  override: v.optional(v.boolean()),
});
export type OwnEntry = v.InferOutput<typeof OwnEntry>;

/** `[catalogue]` of a haft.toml and of the user's settings. */
export const OwnEntries = v.record(CatalogueName, OwnEntry);
export type OwnEntries = v.InferOutput<typeof OwnEntries>;

function directSource(text: string): ToolSource | undefined {
  const [, prefix, name] = /^([a-z]+):(.+)$/.exec(text) ?? [];
  return prefix === undefined || name === undefined ? undefined : findSource(prefix)?.direct(name);
}
