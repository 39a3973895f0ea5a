import type { PlannedArtifact } from "../../protocol/artifact.ts";
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
