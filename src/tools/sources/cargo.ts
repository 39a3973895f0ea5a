/** Programs that cargo builds from crates, on this machine. */
import * as v from "valibot";
import type { ArtifactOf } from "../../protocol/artifact.ts";
import { Integrity } from "../integrity.ts";
import { crateAddress, crateVersions, searchCrates } from "../registry/cargo_index.ts";
import { sortVersions } from "../versions/pick_version.ts";
import { ExecutableName } from "./build.ts";
import { chooseFrom, withLatest } from "./choose_version.ts";
import { MOST_FOUND, type ResolveDeps, type Source } from "./source.ts";
import { unknownPackage, unknownVersion } from "./source_error.ts";
import type { SourceRequest } from "./source_request.ts";

const CRATE = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

export const CargoEntry = v.strictObject({
  source: v.literal("cargo"),
  crate: v.pipe(v.string(), v.regex(CRATE, "a crate's name")),
  /** The programs that it builds; one of the crate's name by default. */
  executables: v.optional(v.pipe(v.array(ExecutableName), v.minLength(1))),
});
export type CargoEntry = v.InferOutput<typeof CargoEntry>;

const LockedArtifact = v.pipe(
  v.strictObject({
    cargo: v.pipe(
      v.string(),
      v.regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}@[0-9][A-Za-z0-9.+-]*$/, "a crate and its version"),
    ),
    integrity: Integrity,
  }),
  v.transform(({ cargo: text, integrity }): ArtifactOf<"cargo"> => {
    const [crate = "", version = ""] = text.split("@");
    return { kind: "cargo", crate, version, integrity };
  }),
);

export const cargo = {
  name: "cargo",
  runsCode: true,
  entry: CargoEntry,
  locked: {
    key: "cargo",
    schema: LockedArtifact,
    example: '{ cargo = "crate@version", integrity = "…" }',
    write: ({ crate, version, integrity }) => ({ cargo: `${crate}@${version}`, integrity }),
  },
  direct: (text) => CRATE.test(text) ? { source: "cargo", crate: text } : undefined,
  directForm: '"cargo:crate"',
  // The index takes "-" and "_" for one, and no case.
  subject: ({ crate }) => crate.toLowerCase().replaceAll("_", "-"),
  versions: async (entry, request, deps) => sortVersions([...(await releases(entry, request, deps)).keys()]),
  async resolve(entry, request, deps) {
    const found = await releases(entry, request, deps);
    const version = chooseFrom([...found.keys()], request);
    const artifact = version === undefined ? undefined : found.get(version);
    if (version === undefined || artifact === undefined) {
      throw unknownVersion(request, withLatest([...found.keys()]));
    }
    return { version, kind: "built", platforms: { any: [artifact] } };
  },
  async search(text, deps) {
    const found = await searchCrates(text, deps);
    return found.slice(0, MOST_FOUND).map(({ name, description }) => ({
      tool: `cargo:${name}`,
      description: description ?? "",
    }));
  },
  owns: (entry, artifact, { version }) =>
    artifact.crate === entry.crate && withoutBuild(artifact.version) === version,
  layout: () => undefined,
  publishes: () => false,
  executables: ({ crate, executables = [crate] }) => executables,
  variables: () => ({}),
  format: () => "tar.gz",
  address: async (artifact, deps) => ({ url: await crateAddress(artifact, deps), headers: {} }),
  signature: () => Promise.resolve("not-checked"),
} satisfies Source<CargoEntry, ArtifactOf<"cargo">>;

/** Version → its crate; yanked ones are left out. */
async function releases(
  { crate }: CargoEntry,
  request: SourceRequest,
  deps: ResolveDeps,
): Promise<Map<string, ArtifactOf<"cargo">>> {
  const listed = await crateVersions(crate, deps);
  if (listed === undefined) {
    throw unknownPackage(request, crate, "Check its spelling, and the registry in cargo's config.toml");
  }
  return new Map(
    listed.filter(({ yanked }) => !yanked).map(({ version, integrity }) => [
      withoutBuild(version),
      { kind: "cargo", crate, version, integrity },
    ]),
  );
}

/** The version without its build metadata: `1.2.3+meta` is 1.2.3. */
function withoutBuild(version: string): string {
  return version.replace(/\+.*$/, "");
}
