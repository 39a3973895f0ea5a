import { HaftError } from "../base/errors.ts";
import type { InstallConfig, InstallProgress } from "../protocol/install.ts";
import type { SyncEvent } from "../protocol/sync_event.ts";
import type { Store } from "../tools/store/store.ts";
import type { Completed } from "./install_conversation.ts";

/** Does the work of one install, in this process or in a child. */
export type Installer = (
  config: InstallConfig,
  hooks: { signal: AbortSignal; onStarted(pid: number): void; onProgress(progress: InstallProgress): void },
) => Promise<Completed>;

/** One that holds processes until it is disposed of. */
export type ClosingInstaller = Installer & AsyncDisposable;

/** @param close what disposing does */
export function closing(
  install: Installer,
  close: () => PromiseLike<void> = async () => {},
): ClosingInstaller {
  return Object.assign<Installer, AsyncDisposable>((config, hooks) => install(config, hooks), {
    [Symbol.asyncDispose]: close,
  });
}

export interface InstallOneDeps {
  install: Installer;
  store: Store;
  signal: AbortSignal;
  emit(event: SyncEvent): void;
  /** Keeps the installer's own lock, before the tool counts as installed. */
  keepLock?: (text: string, config: InstallConfig) => void;
}

/**
 * Installs one tool and says how it goes. The installer's word is not enough: the receipt in the store has to
 * agree.
 *
 * @param label what events call the tool
 * @throws {HaftError} why it failed; the caller tells of it
 */
export async function installOne(
  label: string,
  config: InstallConfig,
  { install, store, signal, emit, keepLock }: InstallOneDeps,
): Promise<Completed> {
  const { version } = config;
  const begun = performance.now();
  let bytes = 0;
  const completed = await install(config, {
    signal,
    onStarted: (pid) => emit({ type: "tool.started", tool: label, version, pid }),
    onProgress(progress) {
      if (progress.state === "downloading") bytes = Math.max(bytes, progress.bytes_downloaded);
      emit({ type: "tool.progress", tool: label, version, progress });
    },
  });
  const path = completed.install_path;
  // Dependencies that were chosen now are those that the installer told of.
  const asked = { ...config, dependencies_lock: completed.dependencies_lock ?? config.dependencies_lock };
  if (store.satisfying(asked)?.directory !== path) {
    throw new HaftError(
      "The install process reported success, but the store does not hold what was asked for",
      { next: `Run "haft install ${config.tool_name}@${version} --force"` },
    );
  }
  const lock = completed.dependencies_lock;
  if (lock !== null && lock !== config.dependencies_lock) keepLock?.(lock, config);
  emit({
    type: "tool.installed",
    tool: label,
    version,
    path,
    bytes,
    duration_ms: Math.round(performance.now() - begun),
    already_installed: completed.already_installed,
  });
  return completed;
}
