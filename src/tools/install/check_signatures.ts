import { HaftError } from "../../base/errors.ts";
import type { PlannedArtifact } from "../../protocol/artifact.ts";
import type { InstallConfig } from "../../protocol/install.ts";
import { installedSource } from "../catalogue/installed_source.ts";
import type { ArtifactDeps } from "../sources/source.ts";
import { sourceOf } from "../sources/sources.ts";
import type { SignatureState } from "../store/receipt.ts";

/**
 * Asks each artifact's source for its signature.
 *
 * @returns the weakest result of all artifacts
 * @throws {IntegrityError} when the source names another integrity than the one that is installed, or a wrong
 * signature
 */
export async function checkSignatures(
  artifacts: readonly PlannedArtifact[],
  deps: ArtifactDeps,
): Promise<SignatureState> {
  const states = await Promise.all(
    artifacts.map(({ artifact }) => sourceOf(artifact.kind).signature(artifact, deps)),
  );
  const order: SignatureState[] = ["not-checked", "not-offered", "unknown-key", "verified"];
  return order.find((state) => states.includes(state)) ?? "not-checked";
}

/**
 * A lock file may come from a stranger: that each artifact is one of the tool's packages is asked where the
 * tool's name alone does not tell.
 *
 * @throws {HaftError} when one of them is another package's
 */
export async function checkOwnership(config: InstallConfig, deps: ArtifactDeps): Promise<void> {
  if (config.origin !== "locked") return;
  for (const { artifact } of config.artifacts) {
    const source = sourceOf(artifact.kind);
    if (source.confirms === undefined) continue;
    const entry = installedSource({
      name: config.tool_name,
      source: artifact.kind,
      definition: config.definition,
    });
    if (await source.confirms(entry, artifact, config.version, deps)) continue;
    const what = artifact.kind === "npm" ? `${artifact.package}@${artifact.version}` : artifact.integrity;
    throw new HaftError(
      `haft.lock has ${what} for "${config.tool_name}" ${config.version}, which is not its package`,
      {
        next:
          'Do not use it. Remove the tool from haft.lock and run "haft sync" to lock what its own metadata names',
      },
    );
  }
}
