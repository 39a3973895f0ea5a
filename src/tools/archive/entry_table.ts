import { ArchiveError } from "./archive_error.ts";
import { foldedPath } from "./entry_path.ts";

export type EntryKind = "file" | "directory" | "symlink" | "hardlink";

/**
 * Every path that an install has written, or will. Keyed by the folded path, so that one look-up finds both a
 * duplicate and a name that only differs in case; and since a link is entered as a link, nothing can be
 * written through one. Most entries are files, and there may be 100,000: they have no object each.
 */
export class EntryTable {
  /** Folded path → the path as the first entry spelt it that named it. */
  readonly #paths = new Map<string, string>();
  /** Path → what it is, where it is no file. */
  readonly #kinds = new Map<string, EntryKind>();

  kindOf(path: string): EntryKind | undefined {
    return this.#paths.get(foldedPath(path)) === path ? this.#kinds.get(path) ?? "file" : undefined;
  }

  /**
   * Enters a path and its parents.
   * @returns the directories, outermost first, that are new: the caller makes them.
   * @throws {ArchiveError} when the path is taken, or a parent is not a directory.
   */
  claim(path: string, kind: EntryKind): string[] {
    const created = this.#claimParents(path);
    const known = this.#paths.get(foldedPath(path));
    if (known === undefined) {
      this.#enter(path, kind);
      return kind === "directory" ? [...created, path] : created;
    }
    checkSpelling(known, path, path);
    if (kind !== "directory" || this.#kinds.get(path) !== "directory") {
      throw new ArchiveError("is there twice", { entry: path });
    }
    return created;
  }

  #claimParents(path: string): string[] {
    const last = path.lastIndexOf("/");
    // Nearly every entry lies in the same directory as one before it.
    if (last === -1 || this.#kinds.get(path.slice(0, last)) === "directory") return [];
    const created: string[] = [];
    for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1)) {
      const parent = path.slice(0, end);
      const known = this.#paths.get(foldedPath(parent));
      if (known === undefined) {
        this.#enter(parent, "directory");
        created.push(parent);
        continue;
      }
      checkSpelling(known, parent, path);
      const kind = this.#kinds.get(parent) ?? "file";
      if (kind !== "directory") {
        throw new ArchiveError(`lies below ${JSON.stringify(parent)}, which is a ${kind}`, { entry: path });
      }
    }
    return created;
  }

  #enter(path: string, kind: EntryKind): void {
    this.#paths.set(foldedPath(path), path);
    if (kind !== "file") this.#kinds.set(path, kind);
  }
}

function checkSpelling(known: string, path: string, name: string): void {
  if (known === path) return;
  throw new ArchiveError(`has a name that differs from ${JSON.stringify(known)} only in case`, {
    entry: name,
  });
}
