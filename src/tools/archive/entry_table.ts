import { ArchiveError } from "./archive_error.ts";
import { foldedPath } from "./entry_path.ts";

export type EntryKind = "file" | "directory" | "symlink" | "hardlink";

interface Entry {
  /** As spelt by the first entry that named it. */
  path: string;
  kind: EntryKind;
}

/**
 * Every path that an install has written, or will. Keyed by the folded path, so that one look-up finds both a
 * duplicate and a name that only differs in case; and since a link is entered as a link, nothing can be
 * written through one.
 */
export class EntryTable {
  readonly #entries = new Map<string, Entry>();
  /** The paths of all directories among them, as spelt. */
  readonly #directories = new Set<string>();

  kindOf(path: string): EntryKind | undefined {
    const entry = this.#entries.get(foldedPath(path));
    return entry?.path === path ? entry.kind : undefined;
  }

  /**
   * Enters a path and its parents.
   * @returns the directories, outermost first, that are new: the caller makes them.
   * @throws {ArchiveError} when the path is taken, or a parent is not a directory.
   */
  claim(components: readonly string[], kind: EntryKind): string[] {
    const path = components.join("/");
    const created = this.#claimParents(components, path);
    const entry = this.#entries.get(foldedPath(path));
    if (entry === undefined) {
      this.#enter(path, kind);
      return kind === "directory" ? [...created, path] : created;
    }
    checkSpelling(entry, path, path);
    if (kind !== "directory" || entry.kind !== "directory") {
      throw new ArchiveError("is there twice", { entry: path });
    }
    return created;
  }

  #claimParents(components: readonly string[], path: string): string[] {
    // Nearly every entry lies in the same directory as one before it.
    if (components.length < 2 || this.#directories.has(components.slice(0, -1).join("/"))) return [];
    const created: string[] = [];
    for (let depth = 1; depth < components.length; depth++) {
      const parent = components.slice(0, depth).join("/");
      const entry = this.#entries.get(foldedPath(parent));
      if (entry === undefined) {
        this.#enter(parent, "directory");
        created.push(parent);
        continue;
      }
      checkSpelling(entry, parent, path);
      if (entry.kind !== "directory") {
        throw new ArchiveError(`lies below ${JSON.stringify(parent)}, which is a ${entry.kind}`, {
          entry: path,
        });
      }
    }
    return created;
  }

  #enter(path: string, kind: EntryKind): void {
    this.#entries.set(foldedPath(path), { path, kind });
    if (kind === "directory") this.#directories.add(path);
  }
}

function checkSpelling(entry: Entry, path: string, name: string): void {
  if (entry.path === path) return;
  throw new ArchiveError(`has a name that differs from ${JSON.stringify(entry.path)} only in case`, {
    entry: name,
  });
}
