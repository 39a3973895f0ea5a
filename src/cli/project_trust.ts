import type { Project } from "../tools/project/load_project.ts";
import { gatedParts } from "../tools/trust/gated_parts.ts";
import { requireTrust, TrustStore } from "../tools/trust/trust_store.ts";
import type { Context } from "./command.ts";

export function trustStore(context: Pick<Context, "paths">, project: Project): TrustStore {
  return new TrustStore(context.paths.state, { trustedPaths: project.trustedPaths });
}

/** @throws {HaftError} when the project has something that can run code and is not trusted */
export function requireProjectTrust(context: Pick<Context, "paths">, project: Project): void {
  const gated = gatedParts(project);
  if (gated !== undefined) requireTrust(trustStore(context, project), gated);
}
