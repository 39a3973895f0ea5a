import { errorMessage, HaftError } from "../base/errors.ts";
import type { InstallConfig, InstallProgress } from "../protocol/install.ts";
import type { SyncEvent } from "../protocol/sync_event.ts";
import { forEachLimited } from "./for_each_limited.ts";
import type { Completed } from "./install_conversation.ts";
import type { InstallPlan } from "./plan_install.ts";
import { writeProjectFile } from "./project_lock.ts";

/** Installs one tool and says how it goes. */
export type InstallOne = (
  config: InstallConfig,
  hooks: { signal: AbortSignal; onStarted(pid: number): void; onProgress(progress: InstallProgress): void },
) => Promise<Completed>;

export interface InstallAllOptions {
  jobs: number;
  /** Refuse to change an installer's own lock. */
  locked: boolean;
  install: InstallOne;
  signal: AbortSignal;
  emit(event: SyncEvent): void;
  now(): number;
  /** Whether the store now holds what the config asks for. */
  verify(config: InstallConfig): boolean;
  /** Where the installer's own lock for a tool is kept. */
  dependenciesLock(storeId: string): string;
}

type Needed = Extract<InstallPlan, { state: "needed" }>;

/** Installs what is needed, `jobs` at a time. Outcomes are events; resolves when all children are gone. */
export async function installAll(needed: readonly Needed[], options: InstallAllOptions): Promise<void> {
  const { jobs, signal, emit } = options;
  await forEachLimited(needed, { limit: jobs, signal }, async ({ config, path }) => {
    const { tool_name: tool, version } = config;
    try {
      await installTool(config, path, options);
    } catch (error) {
      if (signal.aborted) {
        emit({ type: "tool.cancelled", tool, version });
        return;
      }
      const next = error instanceof HaftError ? error.next ?? null : null;
      emit({ type: "tool.failed", tool, version, error: errorMessage(error), next });
    }
  });
}

async function installTool(config: InstallConfig, path: string, options: InstallAllOptions): Promise<void> {
  const { tool_name: tool, version } = config;
  const { emit, now } = options;
  const begun = now();
  let bytes = 0;
  const completed = await options.install(config, {
    signal: options.signal,
    onStarted: (pid) => emit({ type: "tool.started", tool, version, pid }),
    onProgress(progress) {
      if (progress.state === "downloading") bytes = Math.max(bytes, progress.bytes_downloaded);
      emit({ type: "tool.progress", tool, version, progress });
    },
  });
  if (completed.install_path !== path || !options.verify(config)) {
    throw new HaftError(
      "The install process reported success, but the store does not hold what was asked for",
      {
        next: `Run "haft install ${tool}@${version} --force"`,
      },
    );
  }
  keepDependenciesLock(config, completed, options);
  emit({
    type: "tool.installed",
    tool,
    version,
    path,
    bytes,
    duration_ms: Math.round(now() - begun),
    already_installed: completed.already_installed,
  });
}

function keepDependenciesLock(config: InstallConfig, completed: Completed, options: InstallAllOptions): void {
  const text = completed.dependencies_lock;
  if (text === null || text === config.dependencies_lock) return;
  const file = options.dependenciesLock(config.store_id);
  if (options.locked) {
    throw new HaftError(`--locked, but "${file}" would change`, {
      next: 'Run "haft sync" without --locked, and commit the file',
    });
  }
  writeProjectFile(file, text);
}
