import type { Paths } from "../../base/paths.ts";
import type { Project } from "../project/load_project.ts";
import { gatedParts } from "./gated_parts.ts";
import { requireTrust, TrustStore } from "./trust_store.ts";

interface TrustContext {
  paths: Pick<Paths, "state">;
}

export function trustStore({ paths }: TrustContext, project: Project): TrustStore {
  return new TrustStore(paths.state, { trustedPaths: project.trustedPaths });
}

/** @throws {HaftError} when the project has something that can run code and is not trusted */
export function requireProjectTrust(context: TrustContext, project: Project): void {
  const gated = gatedParts(project);
  if (gated !== undefined) requireTrust(trustStore(context, project), gated);
}
