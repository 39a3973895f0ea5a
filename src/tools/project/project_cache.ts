import { UsageError } from "../../base/errors.ts";
import { fingerprints, fingerprintsOfYoung, unchanged } from "./fingerprint.ts";
import type { Fingerprints } from "./looks.ts";
import { manifestRoot } from "./manifests.ts";
import { openProject, type Project, type UserContext } from "./project.ts";

/** Directories whose projects are kept; the one that was not asked for longest goes first. */
const MOST = 1_000;

interface Entry {
  project: Project;
  files: Fingerprints;
}

/**
 * Projects by directory, kept in memory. An answer is given again only while every file that it was made
 * from, and every file that was looked for and was not there, is as it was: a watch tells of a change some
 * time after it.
 */
export class ProjectCache {
  readonly #user: UserContext;
  readonly #entries = new Map<string, Entry>();
  readonly #onOpened: (project: Project) => void;

  /** @param onOpened called whenever a project was read from its files */
  constructor(user: UserContext, { onOpened = () => {} }: { onOpened?: (project: Project) => void } = {}) {
    this.#user = user;
    this.#onOpened = onOpened;
  }

  /** @throws {HaftError} as {@link openProject} does */
  open(cwd: string): Project {
    const known = this.#entries.get(cwd);
    this.#entries.delete(cwd);
    if (known !== undefined && unchanged(known.files)) {
      // To the end: the first is the oldest.
      this.#entries.set(cwd, known);
      return known.project;
    }
    const asOf = Date.now();
    let project = openProject(cwd, this.#user);
    let files = fingerprints(project.decidingFiles, asOf);
    if (files === undefined) {
      // Read again after the look, so that what is kept is not older than it.
      files = fingerprintsOfYoung(project.decidingFiles);
      project = openProject(cwd, this.#user);
    }
    this.#entries.set(cwd, { project, files });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MOST && oldest !== undefined) this.#entries.delete(oldest);
    this.#onOpened(project);
    return project;
  }

  /** The directory of a project, also while its haft.toml cannot be read. */
  rootOf(cwd: string): string {
    try {
      return this.open(cwd).root;
    } catch (error) {
      const root = error instanceof UsageError ? manifestRoot(cwd) : undefined;
      if (root === undefined) throw error;
      return root;
    }
  }

  /** Tools that can be answered for from memory. */
  get tools(): number {
    let count = 0;
    for (const { project } of this.#entries.values()) count += project.requests.length;
    return count;
  }

  clear(): void {
    this.#entries.clear();
  }
}
