import { join } from "node:path";
import { HaftError } from "../../base/errors.ts";
import { builtInCatalogue } from "../../tools/catalogue/catalogue.ts";
import { parseManifest } from "../../tools/manifest/parse_manifest.ts";
import { MANIFEST_NAME } from "../../tools/project/manifests.ts";
import type { Context } from "../command.ts";
import { editManifest } from "../tools/edit_manifest.ts";

/**
 * Appends apps to a project's haft.toml, which keeps what it has as it is.
 *
 * @param text the apps as TOML
 * @returns the file's path
 * @throws {HaftError} when one of them is there already
 */
export async function writeApps(
  { names, text, directory }: { names: readonly string[]; text: string; directory: string },
  context: Context,
): Promise<string> {
  const path = join(directory, MANIFEST_NAME);
  return await editManifest(path, context, (before) => {
    const known = names.filter((name) =>
      Object.hasOwn(parseManifest(before, path, builtInCatalogue).apps, name)
    );
    if (known.length > 0) {
      throw new HaftError(`"${path}" has ${known.map((name) => `[apps.${name}]`).join(", ")} already`, {
        next: "Take these out of it, or print the import without --write",
      });
    }
    return Promise.resolve(`${before.trimEnd()}\n\n${text.trimEnd()}\n`);
  });
}
