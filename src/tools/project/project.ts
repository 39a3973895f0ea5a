/**
 * The one door to a project: what its files say, what of it is installed, what its programs run in, and
 * whether it may run code. Commands, apps, tasks and backends all come through here, so that each rule stands
 * once.
 */
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Env } from "../../base/env.ts";
import { HaftError } from "../../base/errors.ts";
import type { Paths } from "../../base/paths.ts";
import { hostPlatform } from "../host_platform.ts";
import { readLock } from "../lockfile/read_lock_file.ts";
import type { Settings } from "../manifest/manifest_schema.ts";
import type { SystemTool } from "../manifest/version_files.ts";
import { toolStoreId } from "../resolve/install_config.ts";
import { isSystemOtherwise, type ToolRequest } from "../request.ts";
import { type InstalledTool, Store, storeDirectory } from "../store/store.ts";
import { buildRunsCode, gatedParts, gatedSettings, installRunsCode, withoutCode } from "./gated_parts.ts";
import { type GatedParts, TrustStore } from "../trust/trust_store.ts";
import { UntrustedError } from "../trust/untrusted_error.ts";
import { type ProjectTool, projectTool } from "./installed_tools.ts";
import { MANIFEST_NAME } from "./manifests.ts";
import { type ProjectFiles, projectRequests, readProjectFiles } from "./project_files.ts";
import type { RequestLayer } from "./request_layers.ts";
import {
  type EnvironmentChanges,
  environmentChanges,
  type EnvironmentParts,
  runEnvironment,
} from "./environment_changes.ts";
import { standIns } from "./stand_ins.ts";
import { defaultVariables, executableDirectories } from "./tool_environment.ts";

/** Whose project it is, and where that user's haft keeps things. */
export interface UserContext {
  env: Env;
  home: string;
  paths: Paths;
}

/**
 * Reads the project of a directory. No network, and nothing of the project runs.
 *
 * @throws {UsageError} when a haft.toml is wrong
 */
export function openProject(cwd: string, user: UserContext): Project {
  return new Project(cwd, { files: readProjectFiles(cwd, user), user });
}

/** A project as it was when its files were read. */
export class Project {
  /** The directory that was asked about. */
  readonly cwd: string;
  readonly files: ProjectFiles;
  readonly store: Store;
  readonly #user: UserContext;
  /** What {@link tools} said first, or how it failed. */
  #tools: { found: ProjectTool[] } | { error: unknown } | undefined;

  constructor(
    cwd: string,
    { files, user, tools }: { files: ProjectFiles; user: UserContext; tools?: ProjectTool[] },
  ) {
    this.cwd = cwd;
    this.files = files;
    this.store = new Store(user.paths);
    this.#user = user;
    if (tools !== undefined) this.#tools = { found: tools };
  }

  get root(): string {
    return this.files.root;
  }

  /** One request for each tool that is asked for here, whoever asks. */
  get requests(): ToolRequest[] {
    return this.layers.flatMap(({ requests }) => requests);
  }

  /**
   * All that is asked for here: by the project, by its haft.local.toml, by the projects around it, and by the
   * user everywhere. Before trust the projects' are without the variables and commands of an install.
   */
  get layers(): readonly [project: RequestLayer, local: RequestLayer, ...others: RequestLayer[]] {
    const { lockPath, requests, overridden, local, outer, userWide } = this.files;
    const withoutTrust = this.#trustDecidesTools && !this.isTrusted;
    const allowed = (all: ToolRequest[]) => withoutTrust ? all.map(withoutCode) : all;
    const counting = (layer: RequestLayer) => ({ ...layer, requests: allowed(layer.requests) });
    const own = { owner: "checkout" as const, root: dirname(lockPath), lockPath, requests, overridden };
    return [counting(own), counting(local), ...outer.map(counting), userWide];
  }

  /** The layer that asks for a tool here: its lock file and its root are the tool's. */
  layerOf(name: string): RequestLayer | undefined {
    return this.layers.find(({ requests }) => requests.some((request) => request.name === name));
  }

  /** The project that a layer is of, from whose sources its tools come. */
  projectAt(root: string): Project {
    return root === this.root ? this : openProject(root, this.#user);
  }

  /** Trust adds to a tool, or takes from it, what makes it another one. */
  get #trustDecidesTools(): boolean {
    return projectRequests(this.files).some(installRunsCode);
  }

  /** The project's settings over the user's; those that can run code or fetch from elsewhere need trust. */
  get settings(): Settings {
    const { user, settings } = this.files;
    const gated = gatedSettings(settings);
    const ignored = Object.keys(gated).length > 0 && !this.isTrusted ? Object.keys(gated) : [];
    const counting = Object.entries(settings).filter(([name]) => !ignored.includes(name));
    return { ...user.settings, ...Object.fromEntries(counting) };
  }

  /** The project's mirrors over the user's, once they are trusted. */
  get mirrors(): Record<string, string> {
    const { user, mirrors } = this.files;
    return { ...user.mirrors, ...(Object.keys(mirrors).length > 0 && this.isTrusted ? mirrors : {}) };
  }

  /** Whether tools come from where the project says. */
  get namesSources(): boolean {
    const { registry, mirrors } = this.files;
    return (registry.length > 0 || Object.keys(mirrors).length > 0) && this.isTrusted;
  }

  /** What says where tools come from and does not count before trust, as the project's files call it. */
  get ignoredSources(): string[] {
    const { registry, mirrors } = this.files;
    const npmrc = registry.length > 0 ? [".npmrc"] : [];
    const parts = [...npmrc, ...(Object.keys(mirrors).length > 0 ? ["[mirrors]"] : [])];
    return parts.length > 0 && !this.isTrusted ? parts : [];
  }

  /** @throws {HaftError} when the lock file is not one */
  get tools(): readonly ProjectTool[] {
    this.#tools ??= this.#readTools();
    if ("error" in this.#tools) throw this.#tools.error;
    return this.#tools.found;
  }

  /** Tools that are left to the system, some of them because no version that is asked for can be had. */
  get system(): SystemTool[] {
    const left = this.requests.filter((request) =>
      isSystemOtherwise(request) && !this.tools.some((tool) => tool.request.name === request.name)
    );
    return [...this.files.system, ...left];
  }

  get installedTools(): InstalledTool[] {
    return this.tools.flatMap(({ installed }) => installed ?? []);
  }

  /** Every file and directory that decides what this project is: while they are as they are, so is this. */
  get decidingFiles(): string[] {
    return [...this.ownFiles, ...this.toolFiles];
  }

  /** Those that say what is asked for, there or not. */
  get ownFiles(): readonly string[] {
    return this.files.lookedFor;
  }

  /** Those that say what that is: lock files, and what is installed. */
  get toolFiles(): string[] {
    this.#tools ??= this.#readTools();
    const tools = "found" in this.#tools ? this.#tools.found : [];
    return [
      ...this.layers.map(({ lockPath }) => lockPath),
      ...tools.map(({ request }) => storeDirectory(this.#user.paths, toolStoreId(request))),
      // What trust adds to a tool makes it another one.
      ...projectRequests(this.files).filter(installRunsCode)
        .map((request) => storeDirectory(this.#user.paths, toolStoreId(request))),
      ...tools.flatMap(({ deciding }) => deciding),
      ...(this.#trustDecidesTools ? [...this.gated.files, this.trust.file] : []),
    ];
  }

  /**
   * Whether the tools are what {@link decidingFiles} alone say: `HAFT_TRUST=1` counts for one command, and
   * the trust of another worktree is looked for each time.
   */
  get isDecidedByFiles(): boolean {
    return !this.#trustDecidesTools || this.trust.isRecordedHere(this.gated);
  }

  /** The same project with a tool of another version, or with one more; it comes first, on PATH too. */
  with(tool: ProjectTool): Project {
    const others = this.tools.filter(({ request }) => request.name !== tool.request.name);
    return new Project(this.cwd, { files: this.files, user: this.#user, tools: [tool, ...others] });
  }

  /** @throws {HaftError} when there is no haft.toml */
  requireManifest({ next = 'Run "haft init" to make one' }: { next?: string } = {}): string {
    if (this.files.manifestPath !== undefined) return this.files.manifestPath;
    const path = join(this.cwd, MANIFEST_NAME);
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
      throw new HaftError(`"${path}" is a directory, and no manifest`, { next: "Move it elsewhere" });
    }
    throw new HaftError(`No ${MANIFEST_NAME} in "${this.cwd}" or above it`, { next });
  }

  /** @throws {HaftError} when neither a haft.toml nor another program's file asks for a tool */
  requireRequests(): void {
    const { system, skipped, problems } = this.files;
    if ([this.requests, system, skipped].some(({ length }) => length > 0)) return;
    const [problem] = this.files.manifestPath === undefined ? problems : [];
    if (problem === undefined) this.requireManifest();
    else throw new HaftError(`No tool is asked for here: ${problem}`, { next: "Mend the file" });
  }

  /** What of the project counts only once it is trusted. */
  get gated(): GatedParts {
    return gatedParts(this.files);
  }

  /**
   * Whether packages may bring dependencies from outside the registry: the user's word, or a trusted
   * project's.
   */
  get remoteDependencies(): boolean {
    return this.files.user.settings.remote_dependencies ?? this.settings.remote_dependencies ?? false;
  }

  get trust(): TrustStore {
    const everything = this.#user.env["HAFT_TRUST"] === "1";
    return new TrustStore(this.#user.paths.state, { trustedPaths: this.files.user.trustedPaths, everything });
  }

  /** Looked at anew each time: trust is given and taken by other processes. */
  get isTrusted(): boolean {
    return this.trust.isTrusted(this.gated);
  }

  /** @throws {UntrustedError} when the project has something that can run code and is not trusted */
  requireTrust(): void {
    const { gated, trust } = this;
    if (!trust.isTrusted(gated)) throw new UntrustedError(gated, trust);
  }

  /**
   * Variables of an install step can make an installer run code, and a postinstall command is code.
   *
   * @param names the tools to install; all of the project's when undefined
   * @throws {HaftError} when one of them has such, and the project is not trusted
   */
  requireInstallTrust(names?: readonly string[]): void {
    const asked = projectRequests(this.files).filter(({ name }) => names?.includes(name) ?? true);
    if (asked.some(installRunsCode)) this.requireTrust();
  }

  /**
   * @throws {HaftError} when a tool is built by running code of its package, and the project is not trusted
   */
  requireBuildTrust(): void {
    if (projectRequests(this.files).some(buildRunsCode)) this.requireTrust();
  }

  /**
   * The variables of `[env]` over those of `dotenv`; null takes one away. Those of other programs' files
   * count only after trust, and are nothing to fail for.
   *
   * @throws {HaftError} when there are some, and the project is not trusted
   */
  variables(): Record<string, string | null> {
    const { env, dotenv, foreignEnv } = this.files;
    if (Object.keys({ ...dotenv, ...env }).length > 0) this.requireTrust();
    const foreign = Object.keys(foreignEnv).length > 0 && this.isTrusted ? foreignEnv : {};
    return { ...foreign, ...dotenv, ...env };
  }

  /** What is left out of {@link variables} before trust, for the person who runs something without it. */
  get variablesNote(): string | undefined {
    const { foreignEnv, foreignEnvFile } = this.files;
    if (Object.keys(foreignEnv).length === 0 || this.isTrusted) return undefined;
    return `[env] of ${foreignEnvFile} counts after "haft trust"`;
  }

  /**
   * What the project's tools and variables put over an environment.
   *
   * @throws {HaftError} see {@link variables}
   */
  environmentParts(): EnvironmentParts {
    const tools = this.installedTools;
    return {
      defaults: defaultVariables(tools),
      variables: this.variables(),
      path: [...this.standIns, ...this.executableDirectories],
    };
  }

  /** The directories of the installed tools' executables. */
  get executableDirectories(): string[] {
    return executableDirectories(this.installedTools, { allowed: this.files.user.allowedShims });
  }

  /** What stands in front of PATH for the tools that are not installed: see stand_ins.ts. */
  get standIns(): string[] {
    const { cwd, system, files: { catalogue } } = this;
    return standIns(this.tools, { cwd, files: { catalogue, system }, paths: this.#user.paths });
  }

  /**
   * What the project's tools and variables change in the user's environment, without stand-ins: it outlives
   * the command, and the tools may be installed meanwhile.
   *
   * @throws {HaftError} see {@link variables}
   */
  environmentChanges(): EnvironmentChanges {
    const defaults = defaultVariables(this.installedTools);
    const parts = { defaults, variables: this.variables(), path: this.executableDirectories };
    return environmentChanges(parts, this.#user.env);
  }

  /**
   * The whole environment of a program of the project: its tools on PATH and its variables, over what is
   * inherited.
   *
   * @param own variables of that program alone, over all others
   * @throws {HaftError} see {@link variables}
   */
  runEnvironment(
    { inherited = this.#user.env, own }: { inherited?: Env; own?: Readonly<Record<string, string>> } = {},
  ): Record<string, string> {
    return runEnvironment(this.environmentParts(), { inherited, own });
  }

  #readTools(): { found: ProjectTool[] } | { error: unknown } {
    try {
      const platform = hostPlatform();
      const found = this.layers.flatMap(({ root, lockPath, requests }) => {
        if (requests.length === 0) return [];
        const context = { lock: readLock(lockPath).lock, root, lockPath, store: this.store, platform };
        return requests.map((request) => projectTool(request, context)).filter((tool) =>
          !isSystemOtherwise(tool.request) || tool.installed !== undefined
        );
      });
      return { found };
    } catch (error) {
      return { error };
    }
  }
}
