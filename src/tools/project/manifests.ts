import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { errorCode, errorMessage, HaftError } from "../../base/errors.ts";
import type { Paths } from "../../base/paths.ts";
import { readTextFile } from "../../base/read_text_file.ts";
import { builtInCatalogue, type Catalogue } from "../catalogue/catalogue.ts";
import { type Manifest, parseManifest } from "../manifest/parse_manifest.ts";
import { readUserConfig } from "./user_config.ts";

export const MANIFEST_NAME = "haft.toml";
/** Beside a haft.toml, for what is one person's alone; it is not committed. */
export const LOCAL_MANIFEST_NAME = "haft.local.toml";

/** The manifests of one directory, and what is known by name in it. */
export interface Manifests {
  local: Manifest | undefined;
  own: Manifest | undefined;
  catalogue: Catalogue;
}

/**
 * Reads haft.toml and haft.local.toml of each directory, the outermost first: what one defines counts in the
 * directories below it.
 */
export function readManifests(directories: readonly string[], user: Catalogue): Map<string, Manifests> {
  const found = new Map<string, Manifests>();
  let catalogue = user;
  for (const directory of directories.toReversed()) {
    const own = readManifest(join(directory, MANIFEST_NAME), catalogue);
    if (own !== undefined) catalogue = catalogue.with(own.definitions);
    const local = readManifest(join(directory, LOCAL_MANIFEST_NAME), catalogue);
    if (local !== undefined) catalogue = catalogue.with(local.definitions);
    found.set(directory, { local, own, catalogue });
  }
  return found;
}

export function readManifest(path: string, outer: Catalogue): Manifest | undefined {
  const text = readText(path);
  return text === undefined ? undefined : parseManifest(text, path, outer);
}

/** The nearest directory with a haft.toml or haft.local.toml, whatever that says. */
export function manifestRoot(cwd: string): string | undefined {
  return ancestors(cwd).find((directory) =>
    [MANIFEST_NAME, LOCAL_MANIFEST_NAME].some((name) =>
      statSync(join(directory, name), { throwIfNoEntry: false })?.isFile() === true
    )
  );
}

/** What is known by name in a directory, as far as the manifests there and above can be read. */
export function catalogueAt(directory: string, { paths }: { paths: Pick<Paths, "config"> }): Catalogue {
  let catalogue = builtInCatalogue;
  try {
    catalogue = readUserConfig(paths.config).catalogue;
    return readManifests([...ancestors(directory)], catalogue).get(directory)?.catalogue ?? catalogue;
  } catch {
    // The reader of another file says what is wrong in it.
    return catalogue;
  }
}

/** A file's text; undefined where there is none. */
export function readText(path: string): string | undefined {
  // Most of the files are not there, and an exception for each would cost more than all the rest.
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  try {
    return readTextFile(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return undefined;
    throw new HaftError(`Cannot read "${path}": ${code ?? errorMessage(error)}`, { cause: error });
  }
}

/** A directory and those above it. */
export function* ancestors(directory: string): Generator<string> {
  for (let at = directory;; at = dirname(at)) {
    yield at;
    if (dirname(at) === at) return;
  }
}
