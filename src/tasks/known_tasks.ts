/**
 * What is remembered of the tasks that a directory sees, so that the next `haft run` reads no manifest and
 * loads none of what reading takes. It holds while every file that decided it is as it was (see
 * fingerprint.ts), and only what is trusted by a file that is among them is remembered.
 */
import { choosesVersionFiles } from "../base/mise_env.ts";
import { join } from "node:path";
import { readOwn } from "../base/read_own.ts";
import { placeKey } from "../base/place_key.ts";
import { shortHash } from "../base/short_hash.ts";
import { VERSION } from "../base/version.ts";
import { type EnvironmentParts, runEnvironment } from "../tools/project/environment_changes.ts";
import { unchanged } from "../tools/project/fingerprint.ts";
import type { Fingerprints } from "../tools/project/looks.ts";
import type { UserContext } from "../tools/project/project.ts";
import { directoryIdentity } from "../tools/trust/directory_identity.ts";
import type { ProjectTasks } from "./project_tasks.ts";
import type { TaskConfig } from "./task_schema.ts";

/** Another form of the entries gets another number. */
const FORMAT = 2;

export interface KnownTasks {
  /** Whose it is; another haft's, or another directory's, is not used. */
  key: string;
  projects: KnownProject[];
  files: Fingerprints;
  /** Directory → which one it was. */
  directories: Record<string, string>;
}

interface KnownProject {
  root: string;
  manifest: string;
  shell: readonly string[] | undefined;
  tasks: [name: string, TaskConfig][];
  environment: EnvironmentParts;
}

/** @returns undefined when nothing is known, or not any more */
export function readKnownTasks(cwd: string, user: UserContext): ProjectTasks[] | undefined {
  const entry = choosesVersionFiles(user.env) ? undefined : readEntry(cwd, user);
  if (entry === undefined || !unchanged(entry.files)) return undefined;
  for (const [directory, identity] of Object.entries(entry.directories)) {
    if (directoryIdentity(directory) !== identity) return undefined;
  }
  return entry.projects.map(({ root, manifest, shell, tasks, environment }) => ({
    root,
    manifest,
    shell,
    tasks: new Map(tasks),
    isRecorded: true,
    requireTrust() {},
    environment: ({ inherited = user.env, own }) => runEnvironment(environment, { inherited, own }),
  }));
}

function readEntry(cwd: string, user: UserContext): KnownTasks | undefined {
  try {
    return readOwn(entryPath(cwd, user), (text) => {
      const entry = JSON.parse(text);
      if (typeof entry?.key !== "string") throw new TypeError("no entry");
      // By its key it is this very haft's own, which wrote all of it.
      return entry.key === keyOf(cwd, user) ? entry as KnownTasks : undefined;
    });
  } catch {
    // The system refuses to read it: the manifest says all of it, too.
    return undefined;
  }
}

export function keyOf(cwd: string, { home, paths }: UserContext): string {
  return `${FORMAT} ${VERSION} ${cwd}\0${placeKey({ home, ...paths })}`;
}

export function entryPath(cwd: string, { paths }: UserContext): string {
  return join(paths.knownTasks, `${shortHash(cwd)}.json`);
}
