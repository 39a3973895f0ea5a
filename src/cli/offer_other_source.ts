import type { SourceName } from "../protocol/artifact.ts";
import { dirname, join } from "node:path";
import { setToolSource, setToolVersion } from "../tools/manifest/set_tool_version.ts";
import { lacking } from "../tools/resolve/other_source.ts";
import { MANIFEST_NAME } from "../tools/project/manifests.ts";
import type { Project } from "../tools/project/project.ts";
import { askYesNo, canAsk } from "./ask.ts";
import type { Context } from "./command.ts";
import { editManifest } from "./tools/edit_manifest.ts";

/**
 * Asks at a terminal whether tools whose source cannot be reached come from the source that answered, and
 * writes that into haft.toml.
 *
 * @param found the source for each tool
 * @returns whether haft.toml has changed
 */
export async function offerOtherSources(
  found: ReadonlyMap<string, SourceName>,
  project: Project,
  context: Context,
): Promise<boolean> {
  const { manifestPath, root, requests } = project.files;
  const path = manifestPath ?? join(root, MANIFEST_NAME);
  // What a haft.local.toml or an outer haft.toml asks for is changed there, by hand. What another program's
  // file asks for is written into haft.toml, which comes first.
  const own = requests.filter(({ name, decidedBy: { file } }) =>
    found.has(name) && (file === path || (!file.endsWith(MANIFEST_NAME) && dirname(file) === root))
  );
  if (own.length === 0 || !canAsk(context)) return false;
  const lines = own.map(({ name }) => {
    const source = found.get(name);
    const used = project.files.catalogue.source(name);
    const lacks = source === undefined ? [] : lacking(name, { used, other: source });
    return `  ${name}: source = "${source}"${lacks.length === 0 ? "" : `, without ${lacks.join(", ")}`}\n`;
  });
  const use = `Use the ${lines.length > 1 ? "sources" : "source"} that can be reached?`;
  if (!await askYesNo(`${use}\n${lines.join("")}This changes ${path}`, context)) return false;
  await editManifest(path, context, async (text) => {
    let changed = text;
    for (const { name, version, decidedBy: { file } } of own) {
      const source = found.get(name);
      if (file !== path) changed = await setToolVersion(changed, name, version);
      if (source !== undefined) changed = await setToolSource(changed, name, source);
    }
    return changed;
  });
  return true;
}
