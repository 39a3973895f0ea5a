import { chmodSync, existsSync, lstatSync, readdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../../base/errors.ts";
import type { Paths } from "../../base/paths.ts";
import { writeAtomic } from "../../base/write_atomic.ts";
import { envValue } from "../../base/env.ts";
import { prepareOwnRuntime } from "../project/js_runner.ts";
import { readUserConfig } from "../project/user_config.ts";
import { Store } from "../store/store.ts";
import { shimNames, type WithheldShim } from "./shim_names.ts";
import { SHIM_MARK } from "../shim_mark.ts";
import { cmdShim, type ShimOptions, shShim } from "./shim_script.ts";
import { keepShimsLook } from "./shims_look.ts";
import { readTextFile } from "../../base/read_text_file.ts";
import { makeDirectory } from "../../base/private_directory.ts";

export interface WriteShimsOptions extends Pick<ShimOptions, "haft" | "env"> {
  paths: Paths;
  /** `process.platform`. */
  platform: string;
}

export interface ShimChanges {
  /** Names that have a shim now. */
  names: string[];
  written: string[];
  removed: string[];
  /** Files of others that have the name of a shim; they are left alone. */
  foreign: string[];
  /** Executables without a shim: it would hide a command of the system that the user has not given up. */
  withheld: WithheldShim[];
}

/**
 * Makes the shims' directory hold a shim for every executable that gets one, and none of haft's for any
 * other.
 */
export function writeShims(options: WriteShimsOptions): ShimChanges {
  const { shims } = options.paths;
  makeDirectory(shims);
  const { texts, hasScripts, ...changes } = planShims(options);
  for (const file of changes.written) {
    writeAtomic(join(shims, file), texts.get(file) ?? "", { mode: 0o755, durable: false });
    // Whatever the umask: a shim has to be a program.
    chmodSync(join(shims, file), 0o755);
  }
  for (const file of changes.removed) unlinkSync(join(shims, file));
  if (hasScripts) prepareOwnRuntime(options.paths);
  keepShimsLook(options.paths);
  return changes;
}

/**
 * What {@link writeShims} would change; `texts` has every shim by its file's name, and `hasScripts` says
 * whether one of the tools is JavaScript.
 */
export function planShims(
  { haft, env, paths, platform }: WriteShimsOptions,
): ShimChanges & { texts: ReadonlyMap<string, string>; hasScripts: boolean } {
  const receipts = new Store(paths).list().map(({ receipt }) => receipt);
  const { names, withheld } = shimNames(receipts, {
    PATH: envValue(env, "PATH"),
    allowed: readUserConfig(paths.config).allowedShims,
  });
  const texts = new Map(
    names.map((name) =>
      platform === "win32"
        ? [`${name}.cmd`, cmdShim(name, { haft })]
        : [name, shShim(name, { haft, env, cache: paths.shimEntries })]
    ),
  );
  const written: string[] = [];
  const foreign: string[] = [];
  for (const [file, text] of texts) {
    const present = contentOf(join(paths.shims, file));
    if (present === text) continue;
    const own = present === undefined || present.includes(SHIM_MARK);
    (own ? written : foreign).push(file);
  }
  const removed = shimsIn(paths.shims).filter((file) => !texts.has(file));
  const hasScripts = receipts.some(({ kind }) => kind === "js");
  return { names, written, removed, foreign, withheld, texts, hasScripts };
}

/** The files of the directory that are shims of haft's. */
export function shimsIn(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory).filter((file) =>
    contentOf(join(directory, file))?.includes(SHIM_MARK) === true
  );
}

/**
 * The text of a small file; "" for anything that is there and cannot be a shim. An empty file is no other
 * program's: it counts as not there.
 */
function contentOf(path: string): string | undefined {
  try {
    const stat = lstatSync(path);
    if (!stat.isFile() || stat.size >= 65_536) return "";
    return stat.size === 0 ? undefined : readTextFile(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
