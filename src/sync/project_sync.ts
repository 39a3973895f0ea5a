/**
 * Everything that installs tools for a project comes through here, in front of a person and in the daemon
 * alike: the defaults, what needs trust, who verifies, and the shims afterwards.
 */
import type { InstallConfig } from "../protocol/install.ts";
import type { SyncEvent } from "../protocol/sync_event.ts";
import { hostPlatform } from "../tools/host_platform.ts";
import type { Project, UserContext } from "../tools/project/project.ts";
import type { Installer } from "./install_one.ts";
import type { InstalledTarget, InstallTarget } from "./install_targets.ts";
import { runSync, type SyncOptions } from "./run_sync.ts";
import type { SyncFinished } from "./tally.ts";
import type { ToolServices } from "./tool_services.ts";
import type { Resolver } from "./update_lock.ts";
import { updateShims } from "./update_shims.ts";

/** Tools at a time, each in a child of its own. */
export const DEFAULT_JOBS = 8;
/** Without progress, an install counts as hung after so many seconds. */
export const DEFAULT_STALL_SECONDS = 60;
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
  if (installs) project.requireInstallTrust();
  await warnAboutRegistries(project, watch);
  const { root, files: { lockPath, requests } } = project;
  const finished = await runSync(
    { ...options, jobs: options.jobs ?? project.settings.jobs ?? DEFAULT_JOBS },
    {
      project: { root, lockPath, requests },
      platform: hostPlatform(),
      store: project.store,
      paths: user.paths,
      signal,
      emit,
      resolver: () => projectResolver(project, options, user),
      installer: () => childInstaller(project, options, user),
    },
  );
  if (installs) {
    await updateShims(user, { changed: finished.installed > 0, onWarning: watch.onWarning });
  }
  return finished;
}

export interface ProjectInstallOptions {
  targets: readonly InstallTarget[];
  /** Options on top of those of the manifest. */
  extra?: Readonly<Record<string, unknown>>;
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
  await warnAboutRegistries(project, watch);
  const [{ installTargets }, { createResolver }] = await Promise.all([
    import("./install_targets.ts"),
    import("./tool_services.ts"),
  ]);
  const services = await projectServices(project, options, user);
  const result = await installTargets(
    { ...options, jobs: here ? JOBS_HERE : project.settings.jobs ?? DEFAULT_JOBS },
    {
      project,
      resolve: await createResolver(services),
      install: here ? await installerHere(project, services, user) : await childInstaller(project, {}, user),
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
    projectTrusted: project.registriesTrusted,
    offline,
    mirrors: project.mirrors,
  });
}

/** Asks the project's sources for tools. */
export async function projectResolver(
  project: Project,
  options: { offline: boolean },
  user: InstallUser,
): Promise<Resolver> {
  const { createResolver } = await import("./tool_services.ts");
  return await createResolver(await projectServices(project, options, user));
}

/** A stranger's .npmrc is not used; its user should know why packages come from somewhere else. */
async function warnAboutRegistries(
  { npmrc, registriesTrusted }: Project,
  watch: InstallWatch,
): Promise<void> {
  if (npmrc === undefined || registriesTrusted) return;
  await watch.onWarning(
    `"${npmrc.path}" is not trusted and counts for nothing: packages come from your own registry\n` +
      `  Look at it, then run "haft trust"`,
  );
}

/** What a job says about the project beside its tool. */
function trustedJob(project: Project, config: InstallConfig): InstallConfig {
  return {
    ...config,
    mirrors: { ...project.mirrors },
    ...(project.registriesTrusted ? { project_trusted: true } : {}),
    ...(project.remoteDependencies ? { remote_dependencies: true } : {}),
  };
}

async function childInstaller(
  project: Project,
  { stallTimeout }: { stallTimeout?: number | undefined },
  { env }: InstallUser,
): Promise<Installer> {
  const { createChildInstaller } = await import("./child_installer.ts");
  const silence = 1000 * (stallTimeout ?? project.settings.stall_timeout ?? DEFAULT_STALL_SECONDS);
  const install = createChildInstaller({ env, silence });
  return (config, hooks) => install(trustedJob(project, config), hooks);
}

async function installerHere(
  project: Project,
  services: ToolServices,
  user: InstallUser,
): Promise<Installer> {
  const { installHere } = await import("./install_here.ts");
  return async (config, { signal, onProgress }) => {
    const { path, alreadyInstalled } = await installHere(trustedJob(project, config), {
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
      dependencies_lock: null,
    };
  };
}
