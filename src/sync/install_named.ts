import { HaftError } from "../base/errors.ts";
import type { InstallByName } from "../protocol/install_by_name.ts";
import { openProject } from "../tools/project/project.ts";
import type { Reporter } from "../tools/reporter.ts";
import { installHere } from "./install_here.ts";
import { targetConfig } from "./install_targets.ts";
import { type InstallUser, projectResolver, projectServices, trustedJob } from "./project_sync.ts";
import { updateShims } from "./update_shims.ts";

export interface InstallNamedOptions {
  user: InstallUser & { cwd: string };
  report: Reporter;
  signal: AbortSignal;
}

/**
 * Installs one tool for a program that knows its name and version alone: the project of the working directory
 * and the user's sources say the rest, as for `haft install` by hand.
 */
export async function installNamed(
  { tool_name: name, version, options, download_url: from }: InstallByName,
  { user, report, signal }: InstallNamedOptions,
): Promise<void> {
  const project = openProject(user.cwd, user);
  project.requireInstallTrust([name]);
  const config = await targetConfig({ name, version }, {
    project,
    extra: options ?? {},
    resolve: await projectResolver(project, { offline: false }, user),
    signal,
  });
  if (typeof from === "string" && config.kind !== "native") {
    throw new HaftError(`"${name}" is not one archive: its parts come from where its source says`, {
      next: "Send null as download_url",
    });
  }
  const job = { ...config, ...(typeof from === "string" ? { download_from: from } : {}) };
  const source = project.projectAt(job.project_dir);
  const services = await projectServices(source, { offline: false }, user);
  const result = await installHere(trustedJob(source, job), { ...user, services, report, signal });
  await updateShims(user, { changed: !result.alreadyInstalled, onWarning: () => {} });
}
