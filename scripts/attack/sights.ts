import { createHash } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { builtInCatalogue } from "../../src/tools/catalogue/catalogue.ts";

/** What a case must not show, and what a control must. */
export type Sight =
  /** A secret reached the stranger's host. */
  | "canary"
  /** The stranger's host was asked for anything at all. */
  | "contact"
  /** A program or script of the stranger's ran. */
  | "code"
  /** A command of the system ran because of what the checkout holds. */
  | "command"
  /** A file outside of the checkout and of haft's own directories changed. */
  | "write"
  /** Bytes that steer a terminal reached it. */
  | "escape"
  /** A shim took the name of a command of the system, or a name that is none. */
  | "shadow"
  /** A command did not end. */
  | "loop"
  /** Other users may write to something that haft made. */
  | "open"
  /** haft answered otherwise than the case says. */
  | "answer";

/** Path → what it is, for everything below a directory but the directories named. */
export function snapshot(directory: string, except: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  const walk = (path: string): void => {
    if (except.includes(path)) return;
    const stat = lstatSync(path);
    if (stat.isSymbolicLink()) found.set(path, `link to ${readlinkSync(path)}`);
    else if (stat.isDirectory()) {
      found.set(path, "directory");
      for (const name of readdirSync(path)) walk(join(path, name));
    } else if (stat.isFile()) found.set(path, createHash("sha256").update(readFileSync(path)).digest("hex"));
    else found.set(path, "special");
  };
  walk(directory);
  return found;
}

/** What two snapshots do not have in common. */
export function differences(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((path) =>
    before.get(path) !== after.get(path)
  );
}

/** What the hostile texts of the cases hold; haft's own board never sends these. */
const STEERING =
  // deno-lint-ignore no-control-regex -- they are what is looked for
  /\x1b[\]P^_X]|\x1b\[[0-9;]*77[0-9;]*[A-Za-ln-z]|\x1bc|[\x07\x08\x0b\x0c\u0080-\u009f\u202a-\u202e\u2066-\u2069\u200e\u200f]/;

/** The first byte sequence in a terminal's recording that steers it. */
export function steering(recording: string): string | undefined {
  const found = STEERING.exec(recording);
  return found === null ? undefined : recording.slice(found.index, found.index + 24);
}

/**
 * Shims of names that are commands of the system, unless a tool of the catalogue is known for them, or no
 * names at all.
 */
export function shadowing(shims: string, path: readonly string[]): string[] {
  if (!existsSync(shims)) return [];
  return readdirSync(shims).filter((name) =>
    !/^[A-Za-z0-9][A-Za-z0-9._+-]*$/.test(name) ||
    (builtInCatalogue.toolOfExecutable(name) === undefined &&
      path.some((directory) => existsSync(join(directory, name))))
  );
}

/** What others than the owner may write to. */
export function open(directory: string): string[] {
  if (!existsSync(directory)) return [];
  const stat = lstatSync(directory);
  const own = !stat.isSymbolicLink() && (stat.mode & 0o022) !== 0 ? [directory] : [];
  return stat.isDirectory()
    ? [...own, ...readdirSync(directory).flatMap((name) => open(join(directory, name)))]
    : own;
}
