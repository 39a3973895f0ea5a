import { decidingFiles, type OpenProject, openProject, type UserContext } from "./open_project.ts";
import { type Fingerprints, fingerprints, unchanged } from "./fingerprint.ts";

/** Directories whose projects are kept; the one that was not asked for longest goes first. */
const MOST = 1_000;

interface Entry {
  open: OpenProject;
  /** Undefined while one of the files is too young to be sure of. */
  files: Fingerprints | undefined;
}

/**
 * Projects by directory, kept in memory. An answer is given again only while every file that it was made from, and every file
 * that was looked for and was not there, is as it was: watching files tells of a change some time after it, and a wrong answer
 * would be given in between.
 */
export class ProjectCache {
  readonly #user: UserContext;
  readonly #entries = new Map<string, Entry>();
  readonly #onOpened: (cwd: string, open: OpenProject) => void;

  /** @param onOpened called whenever a project was read from its files */
  constructor(
    user: UserContext,
    { onOpened = () => {} }: { onOpened?: (cwd: string, open: OpenProject) => void } = {},
  ) {
    this.#user = user;
    this.#onOpened = onOpened;
  }

  /** @throws {HaftError} as {@link openProject} does */
  open(cwd: string): OpenProject {
    const known = this.#entries.get(cwd);
    if (known?.files !== undefined && unchanged(known.files)) {
      // To the end: the first is the oldest.
      this.#entries.delete(cwd);
      this.#entries.set(cwd, known);
      return known.open;
    }
    this.#entries.delete(cwd);
    const open = openProject({ ...this.#user, cwd });
    this.#entries.set(cwd, { open, files: fingerprints(decidingFiles(open, this.#user.paths)) });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MOST && oldest !== undefined) this.#entries.delete(oldest);
    this.#onOpened(cwd, open);
    return open;
  }

  /** Tools that can be answered for from memory. */
  get tools(): number {
    let count = 0;
    for (const { open } of this.#entries.values()) count += open.tools.length;
    return count;
  }

  clear(): void {
    this.#entries.clear();
  }
}
