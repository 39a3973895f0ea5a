/**
 * Everything that installs tools for a project comes through here, in front of a person and in the daemon
 * alike: the defaults, what needs trust, who verifies, and the shims afterwards.
 */
import type { InstallConfig } from "../protocol/install.ts";
import type { SyncEvent } from "../protocol/sync_event.ts";
import type { ToolOptions } from "../protocol/tool_options.ts";
import { hostPlatform } from "../tools/host_platform.ts";
import { rememberProject } from "../tools/project/known_projects.ts";
import type { Project, UserContext } from "../tools/project/project.ts";
import { projectRequests } from "../tools/project/project_files.ts";
import type { RequestLayer } from "../tools/project/request_layers.ts";
import { readLock } from "../tools/lockfile/read_lock_file.ts";
import { versionFileNotes } from "../tools/project/version_file_notes.ts";
import { definesVariables } from "../tools/project/gated_parts.ts";
import type { ToolRequest } from "../tools/request.ts";
import { uncheckedArchiveHash } from "./archive_hash.ts";
import { closing, type ClosingInstaller } from "./install_one.ts";
import type { InstalledTarget, InstallTarget } from "./install_targets.ts";
import { runSync, type SyncOptions } from "./run_sync.ts";
import { DEFAULT_JOBS, DEFAULT_STALL_SECONDS } from "./sync_defaults.ts";
import type { SyncFinished } from "./tally.ts";
import type { ToolServices } from "./tool_services.ts";
import type { Resolver } from "./update_lock.ts";
import { updateShims } from "./update_shims.ts";

/** Tools at a time in one process, where each has its own download and one CPU unpacks. */
const JOBS_HERE = 4;

/** Whose haft installs. */
export interface InstallUser extends UserContext {
  /** `process.platform`. */
  platform: string;
  /** haft's own version. */
  version: string;
}

export interface InstallWatch {
  user: InstallUser;
  signal: AbortSignal;
  /** Called with every event, in order. */
  emit(event: SyncEvent): void;
  /** Something that the user should know, while the work goes on. */
  onWarning(text: string): void | Promise<void>;
}

export interface ProjectSyncOptions extends Omit<SyncOptions, "jobs"> {
  /** The project's or the user's setting when undefined. */
  jobs?: number | undefined;
  /** Seconds; the setting when undefined. */
  stallTimeout?: number | undefined;
  /** Artifacts are fetched once for the hosts of this machine's fleet. */
  share?: boolean;
}

/**
 * Makes the store hold what the project asks for; see {@link runSync}.
 *
 * @throws {HaftError} when there is no project, or it needs trust
 */
export async function syncProject(
  project: Project,
  options: ProjectSyncOptions,
  watch: InstallWatch,
): Promise<SyncFinished> {
  const { user, signal, emit } = watch;
  project.requireRequests();
  const installs = options.mode === "install";
  if (installs) await tellWhatIsLeftOut(project, options, watch);
  await warnAboutSources(project, watch);
  await warnAboutVersionFiles(project, watch);
  const [own, ...others] = lockedLayers(project);
  const finished = await runSync(
    { ...options, jobs: options.jobs ?? project.settings.jobs ?? DEFAULT_JOBS },
    {
      project: own,
      others,
      platform: hostPlatform(),
      store: project.store,
      paths: user.paths,
      signal,
      emit,
      resolver: () => projectResolver(project, options, user),
      installer: () => childInstaller(project, options, user),
    },
  );
  for (const text of uncheckedHashes(own)) await watch.onWarning(text);
  if (installs) {
    rememberProject(project.root, user.paths);
    await updateShims(user, { changed: finished.installed > 0, onWarning: watch.onWarning });
  }
  return finished;
}

type LockedLayer = RequestLayer & { outside: ReadonlySet<string> };

/** What is asked for here, each layer with the tools that the layers around it lock. */
export function lockedLayers({ layers }: Project): readonly [LockedLayer, ...LockedLayer[]] {
  const [own, ...others] = layers;
  const outsideOf = (index: number) =>
    new Set(
      layers.slice(index + 1).filter(({ owner }) => owner !== "local")
        .flatMap(({ requests, overridden }) => [...requests, ...overridden].map(({ name }) => name)),
    );
  return [
    { ...own, outside: outsideOf(0) },
    ...others.map((layer, index) => ({ ...layer, outside: outsideOf(index + 1) })),
  ];
}

export interface ProjectInstallOptions {
  targets: readonly InstallTarget[];
  /** Options on top of those of the manifest. */
  extra?: ToolOptions;
  force: boolean;
  offline: boolean;
  /** In this process, or each in a child of its own. */
  where: "here" | "child";
}

/**
 * Installs tools by name, whether the project asks for them or not; see `installTargets()`.
 *
 * @throws {HaftError} when one of them needs trust
 */
export async function installInProject(
  project: Project,
  options: ProjectInstallOptions,
  watch: InstallWatch,
): Promise<{ ok: boolean; installed: InstalledTarget[] }> {
  const { user, signal, emit } = watch;
  const here = options.where === "here";
  project.requireInstallTrust(options.targets.map(({ name }) => name));
  await warnAboutSources(project, watch);
  const { installTargets } = await import("./install_targets.ts");
  await using install = here
    ? await installerHere(project, options, user)
    : await childInstaller(project, {}, user);
  const result = await installTargets(
    { ...options, jobs: here ? JOBS_HERE : project.settings.jobs ?? DEFAULT_JOBS },
    {
      project,
      resolve: await projectResolver(project, { offline: false }, user),
      install,
      signal,
      emit,
    },
  );
  const changed = result.installed.some(({ alreadyInstalled }) => !alreadyInstalled);
  await updateShims(user, { changed, onWarning: watch.onWarning });
  return result;
}

/** The clients that ask and download for a project. */
export async function projectServices(
  project: Project,
  { offline }: { offline: boolean },
  user: InstallUser,
): Promise<ToolServices> {
  const { createToolServices } = await import("./tool_services.ts");
  return await createToolServices({
    ...user,
    projectDir: project.root,
    projectTrusted: project.isTrusted,
    offline,
    mirrors: project.mirrors,
  });
}

/** Asks the project's sources for tools, and for an outer project's tools the sources of that one. */
export async function projectResolver(
  project: Project,
  options: { offline: boolean },
  user: InstallUser,
): Promise<Resolver> {
  const { createResolver } = await import("./tool_services.ts");
  const resolvers = new Map<string, Promise<Resolver>>();
  const resolverAt = (root: string) => {
    const known = resolvers.get(root) ??
      projectServices(project.projectAt(root), options, user).then(createResolver);
    resolvers.set(root, known);
    return known;
  };
  const resolve: Resolver = async (request, signal, incomplete) =>
    await (await resolverAt(rootOf(request, project)))(request, signal, incomplete);
  if (!options.offline) return resolve;
  const { sayWhatTheStoreHas } = await import("./offline_resolver.ts");
  return sayWhatTheStoreHas(resolve, user);
}

/** The root of the project that says a request, whatever version is meant by it now. */
function rootOf({ name, decidedBy: { file } }: ToolRequest, project: Project): string {
  const layer = project.layers.find(({ requests, overridden }) =>
    [...requests, ...overridden].some((one) => one.name === name && one.decidedBy.file === file)
  );
  return layer?.root ?? project.root;
}

/** Before trust the user's own sources are used, and the user should know why. */
async function warnAboutSources(project: Project, { onWarning, user }: InstallWatch): Promise<void> {
  const asking = project.layers.filter(({ requests, root }) =>
    requests.length > 0 && root !== user.paths.config
  );
  for (const root of new Set([project.root, ...asking.map((layer) => layer.root)])) {
    const { ignoredSources: ignored } = project.projectAt(root);
    if (ignored.length === 0) continue;
    await onWarning(
      `${ignored.join(" and ")} of "${root}" ${ignored.length > 1 ? "are" : "is"} not trusted and ` +
        `${ignored.length > 1 ? "count" : "counts"} for nothing: your own sources are used\n` +
        `  Look at it, then run "haft trust"${root === project.root ? "" : " there"}`,
    );
  }
}

/** What package.json expects of a package manager's archive and no sync compares. */
function uncheckedHashes({ lockPath, requests }: RequestLayer): string[] {
  const asked = requests.filter(({ archiveHash }) => archiveHash !== undefined);
  if (asked.length === 0) return [];
  const { tools } = readLock(lockPath).lock;
  return asked.flatMap((request) => {
    const locked = tools[request.name];
    return (locked === undefined ? undefined : uncheckedArchiveHash(request, locked)) ?? [];
  });
}

/** What other programs' files ask for and cannot be had, and what is wrong in them. */
async function warnAboutVersionFiles(project: Project, { onWarning }: InstallWatch): Promise<void> {
  for (const text of versionFileNotes(project)) await onWarning(text);
}

/**
 * With `--locked` a sync needs no trust unless a build runs code, since what is installed is already decided;
 * without trust what an installer would run is left out.
 */
async function tellWhatIsLeftOut(
  project: Project,
  { locked }: { locked: boolean },
  { onWarning }: InstallWatch,
): Promise<void> {
  if (!locked) project.requireInstallTrust();
  else project.requireBuildTrust();
  const asked = projectRequests(project.files);
  const installed = project.requests;
  const without = (key: string, has: (request: ToolRequest) => boolean) => {
    const names = asked.filter((request, index) => request !== installed[index] && has(request));
    return names.length === 0
      ? undefined
      : `${key} of ${names.map(({ name }) => name).join(", ")} is left out: the project is not trusted`;
  };
  for (
    const warning of [
      without("install_env", ({ installEnv }) => Object.keys(installEnv).length > 0),
      without("env in [catalogue]", definesVariables),
      without("postinstall", ({ options }) => options.postinstall !== undefined),
    ]
  ) {
    if (warning !== undefined) await onWarning(warning);
  }
}

/** What a job says about the project beside its tool. */
export function trustedJob(project: Project, config: InstallConfig): InstallConfig {
  return {
    ...config,
    mirrors: { ...project.mirrors },
    ...(project.namesSources ? { origin: "project" as const } : {}),
    ...(project.isTrusted ? { project_trusted: true } : {}),
    ...(project.remoteDependencies ? { remote_dependencies: true } : {}),
  };
}

async function childInstaller(
  project: Project,
  { stallTimeout, share = false }: { stallTimeout?: number | undefined; share?: boolean },
  { env }: InstallUser,
): Promise<ClosingInstaller> {
  const { createChildInstaller } = await import("./child_installer.ts");
  const silence = 1000 * (stallTimeout ?? project.settings.stall_timeout ?? DEFAULT_STALL_SECONDS);
  const install = createChildInstaller({ env, silence });
  return closing((config, hooks) => {
    const job = trustedJob(project.projectAt(config.project_dir), config);
    return install(share ? { ...job, share } : job, hooks);
  }, () => install[Symbol.asyncDispose]());
}

async function installerHere(
  project: Project,
  options: { offline: boolean },
  user: InstallUser,
): Promise<ClosingInstaller> {
  const { installHere } = await import("./install_here.ts");
  const known = new Map<string, Promise<ToolServices>>();
  return closing(async (config, { signal, onProgress }) => {
    const source = project.projectAt(config.project_dir);
    const asked = known.get(source.root) ?? projectServices(source, options, user);
    known.set(source.root, asked);
    const services = await asked;
    const { path, alreadyInstalled, dependenciesLock } = await installHere(trustedJob(source, config), {
      ...user,
      services,
      signal,
      report: onProgress,
    });
    return {
      state: "completed",
      tool: config.tool_name,
      version: config.version,
      install_path: path,
      already_installed: alreadyInstalled,
      dependencies_lock: dependenciesLock,
    };
  });
}
