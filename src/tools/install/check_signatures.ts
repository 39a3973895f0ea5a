import type { PlannedArtifact } from "../../protocol/install.ts";
import { strongestIntegrity } from "../lockfile/integrity.ts";
import type { SignatureState } from "../store/receipt.ts";
import type { ArtifactRegistry } from "./install_deps.ts";
import { IntegrityError } from "./integrity_check.ts";

/**
 * Asks the registry for its signatures of all npm artifacts, and that it still names the integrity that is being
 * installed: a signature covers name, version and integrity.
 *
 * @returns the weakest result of all artifacts.
 * @throws {IntegrityError} when the registry names another integrity; whatever `verifySignature` throws for a wrong one.
 */
export async function checkSignatures(
  artifacts: readonly PlannedArtifact[],
  { registry, signal }: { registry: ArtifactRegistry; signal: AbortSignal },
): Promise<SignatureState> {
  const states = await Promise.all(
    artifacts.map(({ artifact }) => checkSignature(artifact, { registry, signal })),
  );
  const order: SignatureState[] = ["not-checked", "not-offered", "unknown-key", "verified"];
  return order.find((state) => states.includes(state)) ?? "not-checked";
}

async function checkSignature(
  artifact: PlannedArtifact["artifact"],
  { registry, signal }: { registry: ArtifactRegistry; signal: AbortSignal },
): Promise<SignatureState> {
  if (artifact.kind === "http") return "not-checked";
  const manifest = await registry.manifest(artifact.package, artifact.version, { signal });
  const named = strongestIntegrity(manifest.dist.integrity ?? "");
  const algorithm = artifact.integrity.split("-")[0] ?? "";
  if (named?.startsWith(`${algorithm}-`) === true && named !== artifact.integrity) {
    throw new IntegrityError(
      `The registry names another integrity for ${artifact.package}@${artifact.version} than haft.lock: ${named}`,
      {
        next:
          "Do not install it. If the publisher did change it, remove the tool from haft.lock and sync again",
      },
    );
  }
  return await registry.verifySignature(manifest, { signal });
}
