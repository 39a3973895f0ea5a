import * as v from "valibot";
import { PLATFORMS } from "../platform.ts";
import { isIntegrity } from "./integrity.ts";
import { LOCK_VERSION } from "./locked_tool.ts";

/**
 * A lock file may come from a stranger's repository, and its texts become paths and addresses: every one is held
 * to the narrowest pattern that fits.
 */
const Version = v.pipe(
  v.string(),
  v.regex(/^[0-9]+\.[0-9]+\.[0-9]+(?:[-+][0-9A-Za-z.+-]+)?$/, 'a version such as "1.2.3"'),
);
const Integrity = v.pipe(
  v.string(),
  v.check(isIntegrity, "an integrity such as sha512-… (sha512, sha384 or sha256)"),
);
const NpmSpec = v.pipe(
  v.string(),
  v.regex(
    /^(?:@[A-Za-z0-9~_-][A-Za-z0-9._~-]*\/)?[A-Za-z0-9~_-][A-Za-z0-9._~-]*@[0-9]+\.[0-9]+\.[0-9]+(?:[-+][0-9A-Za-z.+-]+)?$/,
    'a package and its version such as "esbuild@1.2.3"',
  ),
);
const ArchiveUrl = v.pipe(
  v.string(),
  v.regex(/^https?:\/\/[^\s"\\]+\.(?:tar\.gz|tgz|zip)$/, "the address of a .tar.gz, .tgz or .zip archive"),
);
const Executables = v.record(
  v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "an executable's name")),
  v.pipe(
    v.string(),
    v.regex(/^(?!.*(?:^|\/)\.\.?(?:\/|$))[^/\\:][^\\:]*$/, "a path inside the tool"),
  ),
);

const LockedArtifact = v.union([
  v.strictObject({ npm: NpmSpec, integrity: Integrity }),
  v.strictObject({ url: ArchiveUrl, integrity: Integrity }),
], '{ npm = "package@version", integrity = "…" } or { url = "…", integrity = "…" }');
const Artifacts = v.optional(v.pipe(v.array(LockedArtifact), v.minLength(1, "at least one artifact")));

/** haft.lock as it is written: the shape of the TOML, not yet of {@link LockedTool}. */
export const LockDocument = v.strictObject({
  version: v.literal(LOCK_VERSION),
  tools: v.optional(
    v.record(
      v.pipe(v.string(), v.regex(/^[A-Za-z0-9@][A-Za-z0-9@:/._~-]*$/, "a tool's name")),
      v.strictObject({
        request: v.string(),
        version: Version,
        source: v.picklist(["npm", "http"]),
        kind: v.picklist(["native", "js"]),
        platforms: v.strictObject({ any: Artifacts, ...v.entriesFromList(PLATFORMS, Artifacts) }),
        bin: v.optional(v.strictObject(v.entriesFromList(PLATFORMS, v.optional(Executables)))),
      }),
    ),
    {},
  ),
});
export type LockDocument = v.InferOutput<typeof LockDocument>;
