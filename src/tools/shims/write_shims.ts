import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../../base/errors.ts";
import type { Paths } from "../../base/paths.ts";
import { writeAtomic } from "../../base/write_atomic.ts";
import { Store } from "../store/store.ts";
import { cmdShim, SHIM_MARK, type ShimOptions, shShim } from "./shim_script.ts";

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
}

/** Makes the shims' directory hold a shim for every executable in the store, and none of haft's for any other. */
export function writeShims({ haft, env, paths, platform }: WriteShimsOptions): ShimChanges {
  const all = new Set(new Store(paths).list().flatMap(({ bin }) => Object.keys(bin)));
  // A shim of that name would hide haft from its own shims.
  all.delete("haft");
  const names = [...all].sort();
  const changes: ShimChanges = { names, written: [], removed: [], foreign: [] };
  mkdirSync(paths.shims, { recursive: true });
  const wanted = new Map<string, string>();
  for (const name of names) {
    if (platform === "win32") wanted.set(`${name}.cmd`, cmdShim(name, { haft }));
    else wanted.set(name, shShim(name, { haft, env, cache: paths.shimCache }));
  }
  for (const [file, text] of wanted) {
    const present = contentOf(join(paths.shims, file));
    if (present === text) continue;
    if (present !== undefined && !present.includes(SHIM_MARK)) {
      changes.foreign.push(file);
      continue;
    }
    writeAtomic(join(paths.shims, file), text, { mode: 0o755, durable: false });
    // Whatever the umask: a shim has to be a program.
    chmodSync(join(paths.shims, file), 0o755);
    changes.written.push(file);
  }
  for (const file of readdirSync(paths.shims)) {
    if (wanted.has(file) || contentOf(join(paths.shims, file))?.includes(SHIM_MARK) !== true) continue;
    unlinkSync(join(paths.shims, file));
    changes.removed.push(file);
  }
  return changes;
}

/** The text of a small file; "" for anything that is there and cannot be a shim. */
function contentOf(path: string): string | undefined {
  try {
    const stat = lstatSync(path);
    return stat.isFile() && stat.size < 65_536 ? readFileSync(path, "utf8") : "";
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
