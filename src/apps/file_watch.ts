import { type FSWatcher, statSync, watch } from "node:fs";
import { join, matchesGlob, sep } from "node:path";
import type { Clock } from "../process/clock.ts";

/** Milliseconds without a further change: editors and builds write several files. */
const QUIET_MS = 200;

/** Never watched, whatever the globs say: these change without an edit. */
const IGNORED: ReadonlySet<string> = new Set(["node_modules", ".git"]);

/** Calls when a file changes whose path, from the project's directory, matches one of the globs. */
export class FileWatch implements Disposable {
  readonly #watchers: FSWatcher[] = [];
  #quiet: Disposable | undefined;

  constructor(
    { root, globs, clock, onChange, onProblem }: {
      root: string;
      globs: readonly string[];
      clock: Clock;
      onChange: (file: string) => void;
      onProblem: (text: string) => void;
    },
  ) {
    for (const directory of new Set(globs.map(fixedPart))) {
      const base = join(root, directory);
      if (statSync(base, { throwIfNoEntry: false })?.isDirectory() !== true) continue;
      try {
        const watcher = watch(base, { recursive: true, persistent: false }, (_, name) => {
          const file = join(directory, String(name ?? "")).replaceAll(sep, "/");
          if (!matchesWatch(file, globs)) return;
          this.#quiet?.[Symbol.dispose]();
          this.#quiet = clock.after(QUIET_MS, () => onChange(file));
        });
        watcher.on("error", (error) => onProblem(`Cannot watch "${base}": ${error.message}`));
        this.#watchers.push(watcher);
      } catch (error) {
        onProblem(`Cannot watch "${base}": ${error instanceof Error ? error.message : error}`);
      }
    }
  }

  [Symbol.dispose](): void {
    this.#quiet?.[Symbol.dispose]();
    for (const watcher of this.#watchers) watcher.close();
  }
}

/** @param file with slashes, from the project's directory */
export function matchesWatch(file: string, globs: readonly string[]): boolean {
  if (file.split("/").some((part) => IGNORED.has(part))) return false;
  return globs.some((glob) => matchesGlob(file, glob.replace(/^\.\//, "")));
}

/** The directories of a glob before its first wildcard: `src` of `src/*.ts`. */
export function fixedPart(glob: string): string {
  const parts = glob.replace(/^\.\//, "").split("/");
  const wild = parts.findIndex((part) => /[*?[\]{}!]/.test(part));
  return parts.slice(0, wild === -1 ? -1 : wild).join("/");
}
