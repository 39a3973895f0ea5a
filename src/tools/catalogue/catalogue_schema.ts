import * as v from "valibot";
import { ToolSource } from "../sources/sources.ts";

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

export const Catalogue = v.record(
  v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]*$/, "a tool's name")),
  CatalogueEntry,
);
export type Catalogue = v.InferOutput<typeof Catalogue>;
