import type { Env } from "../../base/env.ts";
import type { Paths } from "../../base/paths.ts";
import type { ArchiveLimits } from "../archive/limits.ts";
import type { ArtifactRegistry } from "../sources/source.ts";
import type { Documents } from "../registry/metadata_client.ts";
import type { RegistryUser } from "../registry/registry_types.ts";
import type { InstalledTool } from "../store/store.ts";
import type { Reporter } from "../reporter.ts";
import type { ArtifactHttp } from "./artifact_http.ts";
import type { ArtifactMirror } from "./artifact_mirror.ts";

/** A Bun that installs packages: a compiled haft itself (with BUN_BE_BUN=1), or a bun executable. */
export interface JsInstaller {
  /** The argv before `install`. */
  command: string[];
  /** Variables that make it an installer. */
  env: Record<string, string>;
}

export interface InstallDeps {
  paths: Pick<Paths, "store" | "staging" | "locks" | "downloads">;
  http: ArtifactHttp;
  registry: ArtifactRegistry;
  documents: Documents;
  user: RegistryUser;
  report: Reporter;
  /** Where machines fetch for each other. */
  mirror?: ArtifactMirror | undefined;
  /** Stops the install; what was staged is removed, what was downloaded is kept for the next time. */
  signal: AbortSignal;
  /** haft's own version, for the receipt. */
  version: string;
  /** What the install step of a `js` tool inherits. */
  env: Env;
  /**
   * A tool that installs or builds others, e.g. `go`; installed first where it is missing.
   */
  toolchain(name: string): Promise<InstalledTool>;
  /** Asked only for `js` tools, where this process is no Bun itself. */
  jsInstaller?: () => Promise<JsInstaller>;
  /** Lower limits than {@link ARCHIVE_LIMITS}, for tests. */
  limits?: Readonly<ArchiveLimits>;
}
