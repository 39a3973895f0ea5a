/**
 * The one list of sources. What the manifest, the lock file and the catalogue accept follows from it; a new
 * source is its module, its name and artifact in src/protocol/artifact.ts, a row here, and entries of the
 * catalogue.
 */
import * as v from "valibot";
import type { Artifact, ArtifactOf, SourceName } from "../../protocol/artifact.ts";
import { cargo } from "./cargo.ts";
import { github } from "./github.ts";
import { go } from "./go.ts";
import { http } from "./http.ts";
import { maven } from "./maven.ts";
import { npm } from "./npm.ts";
import { pypi } from "./pypi.ts";
import type { Source } from "./source.ts";

/** One source in a catalogue entry. */
export const ToolSource = v.variant("source", [
  npm.entry,
  http.entry,
  pypi.entry,
  go.entry,
  cargo.entry,
  maven.entry,
  github.entry,
]);
export type ToolSource = v.InferOutput<typeof ToolSource>;

/** A source whose entries and artifacts are known only at run time; the caller hands it its own. */
type AnySource = Source<ToolSource, Artifact>;

const SOURCES: {
  readonly [Name in SourceName]: Source<Extract<ToolSource, { source: Name }>, ArtifactOf<Name>>;
} = {
  npm,
  http,
  pypi,
  go,
  cargo,
  maven,
  github,
};

const all: readonly AnySource[] = Object.values(SOURCES);

/** An artifact of any source, as the lock file writes it; its key tells the source. */
export const LockedArtifact: v.GenericSchema<unknown, Artifact> = v.lazy((input) => {
  const keys = typeof input === "object" && input !== null ? Object.keys(input) : [];
  return all.find(({ locked }) => keys.includes(locked.key))?.locked.schema ?? UnknownArtifact;
});

const UnknownArtifact = v.custom<never>(
  () => false,
  all.map(({ locked }) => locked.example).join(" or "),
);

/** The source of an entry or an artifact, which is handed only its own. */
export function sourceOf(name: SourceName): AnySource {
  return SOURCES[name];
}

/** The source that a prefix names: `npm` in `npm:prettier`. */
export function findSource(prefix: string): AnySource | undefined {
  return all.find(({ name }) => name === prefix);
}

/** Every source. */
export function allSources(): readonly AnySource[] {
  return all;
}

/** How tools without a catalogue entry are written, for messages. */
export function directForms(): string[] {
  return all.flatMap(({ directForm }) => directForm ?? []);
}
