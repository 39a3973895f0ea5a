import { HaftError } from "../../base/errors.ts";
import { writeAtomic } from "../../base/write_atomic.ts";
import { hasDependencies } from "../../protocol/artifact.ts";
import { type InstallConfig, installMayRunCode } from "../../protocol/install.ts";
import {
  installedDependencies,
  type Receipt,
  receiptPath,
  type SignatureState,
  usableDependencies,
} from "../store/receipt.ts";
import { placeFor } from "../store/content_key.ts";
import { Store } from "../store/store.ts";
import { installationName } from "../store/store_names.ts";
import { sweepStaging } from "../store/sweep_staging.ts";
import { activate } from "./activate.ts";
import { explainDiskError } from "./disk_error.ts";
import { failpoint } from "./failpoint.ts";
import type { InstallDeps } from "./install_deps.ts";
import { checkOwnership, checkSignatures } from "./check_signatures.ts";
import type { StagedTree } from "./install_native.ts";
import { sweepDownloads } from "./sweep_downloads.ts";
import { recover } from "./recover.ts";
import { receiptText, writeReceipt } from "./write_receipt.ts";

export interface InstallResult {
  /** The installation's directory. */
  path: string;
  receipt: Receipt;
  /** The store had it, and nothing was done. */
  alreadyInstalled: boolean;
  /**
   * The text of the installer's own lock file, for a `js` tool whose config came without one, or was
   * installed now.
   */
  dependenciesLock: string | null;
}

/**
 * Installs one tool: stage, verify, rename. A failure, or a kill at any moment, leaves the store as it was,
 * and the next run cleans up. Reports `started` to `completed`; on failure it throws, and the caller reports
 * `failed`.
 *
 * @throws {HaftError} what went wrong, and the next step.
 * @throws the signal's reason.
 */
export async function installTool(config: InstallConfig, deps: InstallDeps): Promise<InstallResult> {
  const store = new Store(deps.paths);
  // Refuses names that are no path's before anything else.
  const directory = store.directory(config.store_id, config.version);
  deps.report({ state: "started", tool: config.tool_name, version: config.version });
  try {
    const present = installed(config, store);
    const result = present !== undefined && !confirms(present, config.origin)
      ? present
      : await installLocked(config, { deps, store });
    deps.report({
      state: "completed",
      tool: config.tool_name,
      version: config.version,
      install_path: result.path,
      already_installed: result.alreadyInstalled,
      dependencies_lock: result.dependenciesLock,
    });
    return result;
  } catch (error) {
    deps.signal.throwIfAborted();
    throw explainDiskError(error, directory);
  }
}

/** What the store has, when that is all that is asked for. */
function installed(config: InstallConfig, store: Store, force = config.force): InstallResult | undefined {
  const found = force ? undefined : store.satisfying(config);
  if (found === undefined) return undefined;
  const { receipt, directory: path } = found;
  return { path, receipt, alreadyInstalled: true, dependenciesLock: keptLock(config, path) };
}

/** The lock of a `js` tool that is in the store already, for a caller that has lost it or never had it. */
function keptLock(config: InstallConfig, path: string): string | null {
  const isKnown = !hasDependencies(config.kind) || usableDependencies(config) !== undefined;
  return isKnown ? null : installedDependencies(path) ?? null;
}

/** The user's own sources name the very files that a lock file named before: that is worth a line. */
function confirmed(result: InstallResult, { origin }: InstallConfig): InstallResult {
  if (!confirms(result, origin)) return result;
  const { project, ...known } = result.receipt;
  const receipt: Receipt = { ...known, origin: "resolved" };
  // The package is confirmed; its dependencies are still what that project's sources gave.
  if (project !== undefined && receipt.dependencies !== undefined) receipt.dependencies = "locked";
  writeAtomic(receiptPath(result.path), receiptText(receipt));
  return { ...result, receipt };
}

function confirms({ receipt }: InstallResult, origin: InstallConfig["origin"]): boolean {
  return origin === "resolved" && receipt.origin !== "resolved";
}

async function installLocked(
  config: InstallConfig,
  { deps, store }: { deps: InstallDeps; store: Store },
): Promise<InstallResult> {
  let waited = false;
  using _lock = await store.lock(config.store_id, config.version, {
    signal: deps.signal,
    onWait: () => {
      waited = true;
      deps.report({
        state: "post_install",
        tool: config.tool_name,
        message: "waiting for another install of it",
      });
    },
  });
  // The previous holder of the lock has installed it since the first look. That is as fresh as what `force`
  // would make.
  const won = installed(config, store, config.force && !waited);
  if (won !== undefined) return confirmed(won, config);
  const installation = installationName(config.store_id, config.version);
  const recovered = !config.force && recover(config, { paths: deps.paths, store, installation });
  sweepStaging(deps.paths, { store, held: installation });
  sweepDownloads(deps.paths.downloads, { store, held: installation });
  const whole = recovered ? installed(config, store) : undefined;
  if (whole !== undefined) return confirmed(whole, config);
  if (config.offline) {
    throw new HaftError(
      `"${config.tool_name}" ${config.version} is not in the store, and --offline forbids to fetch it`,
      {
        next: `Run the command without --offline`,
      },
    );
  }
  return await stageAndActivate(config, { deps, store, installation });
}

async function stageAndActivate(
  config: InstallConfig,
  { deps, store, installation }: { deps: InstallDeps; store: Store; installation: string },
): Promise<InstallResult> {
  if (installMayRunCode(config)) await checkOwnership(config, deps);
  const stopped = new AbortController();
  const signal = AbortSignal.any([deps.signal, stopped.signal]);
  const own = { ...deps, signal };
  const [signature, staged] = await bothOrStop(
    [proved(config, own), stage(config, { deps: own, installation })],
    stopped,
  );
  using tree = staged;
  const receipt = receiptOf(config, { bin: tree.bin, signature, version: deps.version });
  await writeReceipt(tree.path, { receipt, files: tree.files });
  failpoint("after-receipt");
  deps.signal.throwIfAborted();
  const directory = placeFor(receipt, { store, dependencies: tree.dependenciesLock ?? undefined });
  const path = activate(tree.path, { store, directory, installation });
  tree.activated();
  return { path, receipt, alreadyInstalled: false, dependenciesLock: tree.dependenciesLock };
}

/** What the sources say of the artifacts, asked while they are unpacked: they are only staged until then. */
async function proved(config: InstallConfig, deps: InstallDeps): Promise<SignatureState> {
  const [signature] = await Promise.all([
    checkSignatures(config.artifacts, deps),
    installMayRunCode(config) ? undefined : checkOwnership(config, deps),
  ]);
  return signature;
}

type Staged = StagedTree & { dependenciesLock: string | null };

async function stage(
  config: InstallConfig,
  context: { deps: InstallDeps; installation: string },
): Promise<Staged> {
  const tree = await stageFiles(config, context);
  if (config.options.postinstall === undefined) return tree;
  try {
    const { runPostinstall } = await import("./postinstall.ts");
    const store = new Store(context.deps.paths);
    const target = placeFor(config, { store, dependencies: tree.dependenciesLock ?? undefined });
    return await runPostinstall(tree, config, { ...context, target });
  } catch (error) {
    tree[Symbol.dispose]();
    throw error;
  }
}

async function stageFiles(
  config: InstallConfig,
  context: { deps: InstallDeps; installation: string },
): Promise<Staged> {
  if (config.kind === "native") {
    const { stageNative } = await import("./install_native.ts");
    return Object.assign(await stageNative(config, context), { dependenciesLock: null });
  }
  if (config.kind === "built") {
    const { stageBuilt } = await import("./build_tool.ts");
    return Object.assign(await stageBuilt(config, context), { dependenciesLock: null });
  }
  if (config.kind === "python") {
    const { stagePythonApp } = await import("./python_app.ts");
    return await stagePythonApp(config, context);
  }
  const { stageJsPackage } = await import("./js_package.ts");
  return await stageJsPackage(config, context);
}

/** Both results; when one fails the other is stopped and waited for, and nothing staged is left behind. */
async function bothOrStop<A>(
  [first, second]: [Promise<A>, Promise<Staged>],
  stopped: AbortController,
): Promise<[A, Staged]> {
  let failure: { error: unknown } | undefined;
  const fail = (error: unknown) => {
    failure ??= { error };
    stopped.abort(error);
    return undefined;
  };
  const results = await Promise.all([first.catch(fail), second.catch(fail)]);
  if (failure === undefined && results[0] !== undefined && results[1] !== undefined) {
    return [results[0], results[1]];
  }
  results[1]?.[Symbol.dispose]();
  throw failure?.error;
}

function receiptOf(
  config: InstallConfig,
  { bin, signature, version }: { bin: Record<string, string>; signature: SignatureState; version: string },
): Receipt {
  const { origin = "locked" } = config;
  const dependencies = usableDependencies(config) === undefined ? "chosen" : "locked";
  return {
    schema: 1,
    tool: config.tool_name,
    store_id: config.store_id,
    version: config.version,
    platform: config.platform,
    kind: config.kind,
    artifacts: config.artifacts,
    bin,
    signature,
    origin,
    ...(origin === "project" ? { project: config.project_dir } : {}),
    ...(config.definition === undefined ? {} : { definition: config.definition }),
    ...(Object.keys(config.options).length > 0 ? { options: config.options } : {}),
    ...(hasDependencies(config.kind) ? { dependencies } : {}),
    installed_at: new Date().toISOString(),
    haft_version: version,
  };
}
