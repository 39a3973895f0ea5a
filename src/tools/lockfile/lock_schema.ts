import * as v from "valibot";
import { SourceName, ToolKind } from "../../protocol/artifact.ts";
import { PLATFORMS } from "../platform.ts";
import { ExecutableName, RelativePath } from "../sources/build.ts";
import { LockedArtifact } from "../sources/sources.ts";
import { LOCK_VERSION } from "../locked_tool.ts";

/**
 * A lock file may come from a stranger's repository, and its texts become paths and addresses: every one is
 * held to the narrowest pattern that fits.
 */
const Version = v.pipe(
  v.string(),
  v.regex(/^[0-9]+\.[0-9]+\.[0-9]+(?:[-+][0-9A-Za-z.+-]+)?$/, 'a version such as "1.2.3"'),
);
const Executables = v.record(ExecutableName, RelativePath);
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
        source: SourceName,
        definition: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/, "a definition's key"))),
        kind: ToolKind,
        platforms: v.strictObject({ any: Artifacts, ...v.entriesFromList(PLATFORMS, Artifacts) }),
        bin: v.optional(v.strictObject(v.entriesFromList(PLATFORMS, v.optional(Executables)))),
      }),
    ),
    {},
  ),
});
export type LockDocument = v.InferOutput<typeof LockDocument>;
