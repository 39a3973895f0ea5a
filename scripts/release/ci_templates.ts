import { join } from "node:path";
import { fillIn, type ReleaseFacts } from "./fill_in.ts";
import { type PackageFile, tarGzOf, writeOut } from "./package_files.ts";

/** The name by which a devcontainer.json refers to a feature's archive has to have this form. */
const FEATURE = "devcontainer-feature-haft.tgz";

/**
 * Writes what other systems include or copy: a GitLab template, a Dockerfile, and a devcontainer feature.
 *
 * @returns their paths
 */
export async function writeCiTemplates(facts: ReleaseFacts, outDir: string): Promise<string[]> {
  const written = ["haft.gitlab-ci.yml", "Dockerfile"].map((name) => {
    const path = join(outDir, name);
    writeOut(path, fillIn(`ci/${name}`, facts));
    return path;
  });
  const feature: PackageFile[] = [
    { path: "devcontainer-feature.json", content: fillIn("devcontainer/devcontainer-feature.json", facts) },
    { path: "install.sh", content: fillIn("devcontainer/install.sh", facts), executable: true },
  ];
  writeOut(join(outDir, FEATURE), await tarGzOf(feature));
  return [...written, join(outDir, FEATURE)];
}
