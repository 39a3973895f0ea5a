import { lstatSync, realpathSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import process from "node:process";
import { HaftError } from "../../base/errors.ts";
import { builtInCatalogue } from "../../tools/catalogue/catalogue.ts";
import { holdingProject, writeProjectFile } from "../../sync/project_lock.ts";
import { readTextIfAny } from "../../tools/lockfile/read_lock_file.ts";
import { parseManifest } from "../../tools/manifest/parse_manifest.ts";
import { MANIFEST_NAME } from "../../tools/project/manifests.ts";
import type { Context } from "../command.ts";
import { initialManifest } from "../init.ts";

/**
 * Changes a haft.toml, or writes a new one, while no other command changes it.
 *
 * @returns the file that was written: a link of the user's own is followed
 * @throws {HaftError} when the text would no longer be read as a manifest
 */
export async function editManifest(
  path: string,
  { paths: { locks }, signal }: Pick<Context, "paths" | "signal">,
  edit: (text: string) => Promise<string>,
): Promise<string> {
  const file = linkedManifest(path);
  const root = dirname(file);
  await holdingProject(root, { locks, signal }, async () => {
    const before = readTextIfAny(file);
    const text = await edit(before ?? initialManifest([]));
    // Read once more before it is written: an edit that does not read back is not made.
    parseManifest(text, file, builtInCatalogue);
    if (text !== before) writeProjectFile(file, text, { root });
  });
  return file;
}

/**
 * What a linked haft.toml leads to, as people have who keep their dotfiles in a repository. A link may come
 * from a stranger, so that only a manifest that is the user's own is written through it.
 */
function linkedManifest(path: string): string {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return path;
  const next = "Edit the file itself, or replace the link with a file";
  let target: string;
  try {
    target = realpathSync(path);
  } catch (error) {
    throw new HaftError(`"${path}" is a link that leads nowhere`, { next, cause: error });
  }
  const { uid } = statSync(target);
  const isOwn = process.getuid === undefined || uid === process.getuid();
  if (isOwn && basename(target) === MANIFEST_NAME) return target;
  const what = isOwn ? `no ${MANIFEST_NAME}` : "not yours";
  throw new HaftError(`"${path}" is a link to "${target}", which is ${what}`, { next });
}
