import type { SourceName } from "../protocol/artifact.ts";
import { setToolSource } from "../tools/manifest/set_tool_version.ts";
import type { Project } from "../tools/project/project.ts";
import { canAsk, readLine } from "./ask_trust.ts";
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
  const { manifestPath: path } = project.files;
  // What another program's file or another layer asks for is changed there, by hand.
  const own = project.requests.filter(({ name, decidedBy }) => found.has(name) && decidedBy.file === path);
  if (path === undefined || own.length === 0 || !canAsk(context)) return false;
  const lines = own.map(({ name }) => `  ${name}: source = "${found.get(name)}"\n`);
  await context.stderr.write(`Use the ${lines.length > 1 ? "sources" : "source"} that can be reached?\n`);
  await context.stderr.write(`${lines.join("")}This changes ${path} [y/N] `);
  if (!/^y(es)?$/i.test((await readLine(context.signal)).trim())) return false;
  await editManifest(path, context, async (text) => {
    let changed = text;
    for (const { name } of own) {
      const source = found.get(name);
      if (source !== undefined) changed = await setToolSource(changed, name, source);
    }
    return changed;
  });
  return true;
}
