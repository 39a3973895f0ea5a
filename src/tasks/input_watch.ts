import { type FSWatcher, statSync, watch } from "node:fs";
import { dirname, join, relative } from "node:path";
import { errorMessage } from "../base/errors.ts";
import { matchingFiles } from "./inputs.ts";
import { taskDirectory } from "./prepare_task.ts";
import type { PlannedTask } from "./task_plan.ts";

export interface InputWatchOptions {
  /** The caller's directory. */
  cwd: string;
  /** Milliseconds without a further change before it is told: editors and checkouts write several files. */
  debounce: number;
  /** A file that was changed, made or removed, as seen from the caller's directory. */
  onChange: (file: string) => void;
  onProblem: (text: string) => void;
}

export interface Watched {
  directory: string;
  /** Patterns; none for all files of the directory. */
  inputs: readonly string[];
  outputs: readonly string[];
  /** The file that declares it. */
  manifest: string;
}

/** What to watch for tasks of a run: their inputs, but not what they put out. */
export function inputsOf(tasks: Iterable<PlannedTask>, cwd: string): Watched[] {
  return [...tasks].filter(hasCommand).map(({ project, config }) => ({
    directory: taskDirectory(project.root, config, cwd),
    inputs: config.inputs,
    outputs: config.outputs,
    manifest: project.manifest,
  }));
}

/** Path → when it was changed last, and its size. */
type Looks = Map<string, string>;

/**
 * Tells when an input of one of the tasks changes, or the manifest that declares it. What the system says is
 * only the reason to look: what counts is that a file which is an input looks another way than before.
 */
export class InputWatch implements Disposable {
  readonly #options: InputWatchOptions;
  readonly #watched: readonly Watched[];
  readonly #manifests: ReadonlySet<string>;
  readonly #watchers: FSWatcher[] = [];
  #looks: Looks;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(watched: readonly Watched[], options: InputWatchOptions) {
    this.#options = options;
    this.#watched = watched;
    this.#manifests = new Set(watched.map(({ manifest }) => manifest));
    this.#looks = this.#look();
    for (const directory of this.#directories()) this.#watch(directory);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers) watcher.close();
  }

  #directories(): Set<string> {
    const directories = this.#watched.flatMap(({ directory, inputs }) => [
      directory,
      ...inputs.filter((one) => one.startsWith("../")).map((one) =>
        existing(join(directory, fixedPart(one)))
      ),
    ]);
    const all = [...directories.filter(isDirectory), ...[...this.#manifests].map((path) => dirname(path))];
    // One that lies below another is watched with it.
    return new Set(
      all.filter((one) => !all.some((other) => other !== one && !relative(other, one).startsWith(".."))),
    );
  }

  #watch(directory: string): void {
    const { onProblem } = this.#options;
    try {
      const watcher = watch(directory, { recursive: true }, () => this.#later());
      watcher.on("error", (error) => onProblem(`Cannot watch "${directory}": ${errorMessage(error)}`));
      this.#watchers.push(watcher);
    } catch (error) {
      onProblem(`Cannot watch "${directory}": ${errorMessage(error)}`);
    }
  }

  #later(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#compare(), this.#options.debounce);
  }

  #compare(): void {
    const before = this.#looks;
    const now = this.#looks = this.#look();
    const changed = [...now.keys()].find((path) => now.get(path) !== before.get(path)) ??
      [...before.keys()].find((path) => !now.has(path));
    if (changed !== undefined) this.#options.onChange(relative(this.#options.cwd, changed));
  }

  #look(): Looks {
    // What one task puts out may be what another one reads: a run must not be the reason for the next.
    const outputs = new Set(
      this.#watched.filter(({ outputs }) => outputs.length > 0).flatMap(({ directory, outputs }) =>
        matchingFiles(directory, outputs, { dot: true }).map((file) => join(directory, file))
      ),
    );
    const inputs = this.#watched.flatMap(({ directory, inputs }) =>
      matchingFiles(directory, inputs).map((file) => join(directory, file))
    );
    return new Map([...this.#manifests, ...inputs.filter((path) => !outputs.has(path))].flatMap((path) => {
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat === undefined ? [] : [[path, `${stat.mtimeMs} ${stat.size} ${stat.ino}`]];
    }));
  }
}

function hasCommand({ config: { run, backend } }: PlannedTask): boolean {
  return run !== undefined || backend !== undefined;
}

/** The directories of a pattern before its first wildcard. */
function fixedPart(pattern: string): string {
  const parts = pattern.split("/");
  const wild = parts.findIndex((part) => /[*?[\]{}!]/.test(part));
  return parts.slice(0, wild === -1 ? undefined : wild).join("/");
}

/** The path, or the nearest directory above it that is there. */
function existing(path: string): string {
  return isDirectory(path) || dirname(path) === path ? path : existing(dirname(path));
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
