import * as v from "valibot";
import { type CachedManifest, ServedManifest } from "./package_manifest.ts";

/** A package's versions and tags. */
export interface Packument {
  readonly name: string;
  /** In the registry's order, which means nothing. */
  readonly versions: readonly string[];
  readonly distTags: Readonly<Record<string, string>>;
}

const Tags = v.record(v.string(), v.string());

/** As registries serve it: the abbreviated form or the full one. */
export const ServedPackument = v.object({
  name: v.string(),
  versions: v.fallback(v.optional(v.record(v.string(), v.unknown()), {}), {}),
  "dist-tags": v.fallback(v.optional(Tags, {}), {}),
  time: v.fallback(v.optional(v.record(v.string(), v.unknown()), {}), {}),
});
export type ServedPackument = v.InferOutput<typeof ServedPackument>;

/** As the cache keeps it. */
export const CachedPackument = v.object({ name: v.string(), versions: v.array(v.string()), distTags: Tags });

/** Leaves aside what is large and not used. */
export function summarize(served: ServedPackument): Packument {
  return { name: served.name, versions: Object.keys(served.versions), distTags: served["dist-tags"] };
}

/** One version's manifest out of the whole document, by version or tag. */
export function pickManifest(served: ServedPackument, versionOrTag: string): CachedManifest | undefined {
  const tags = served["dist-tags"];
  const version = Object.hasOwn(served.versions, versionOrTag)
    ? versionOrTag
    : Object.hasOwn(tags, versionOrTag)
    ? tags[versionOrTag]
    : undefined;
  if (version === undefined || !Object.hasOwn(served.versions, version)) return undefined;
  const parsed = v.safeParse(ServedManifest, served.versions[version]);
  if (!parsed.success) return undefined;
  const time = served.time[version];
  return typeof time === "string" ? { ...parsed.output, publishedAt: time } : parsed.output;
}
