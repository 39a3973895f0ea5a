import { realpathSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";
import * as v from "valibot";
import { canonicalJson } from "../../base/canonical_json.ts";
import { readOrSetAside } from "../../base/set_aside.ts";
import { writeAtomic } from "../../base/write_atomic.ts";
import { underLock } from "../../runtime/process_lock.ts";
import { directoryIdentity } from "./directory_identity.ts";
import { worktreeTwins } from "./worktree_twins.ts";

/**
 * What a project can make haft do beyond installing tools from the user's own sources, in a form that does
 * not depend on how it is written.
 */
export interface GatedParts {
  /** The file that trust is given to: the nearest haft.toml, or without one the project's .npmrc. */
  path: string;
  /** Every file that a part comes from: an outer project's manifest has its say in an inner one. */
  files: readonly string[];
  /** Section name → its content; sections that are empty are left out. */
  parts: Readonly<Record<string, unknown>>;
  /** Section name → the files that say it, where that is not {@link path} alone. */
  origins?: Readonly<Record<string, readonly string[]>>;
}

/**
 * The part that is the lines of .npmrc about registries. All but this and the next are sections of haft.toml.
 */
export const NPMRC_PART = "npmrc";
/** The part that is variables in files which apps and tasks name: file → name → value. */
export const ENV_FILES_PART = "env_files";
/** The part that is what tools' builds run and what their definitions set: tool → source or variables. */
export const BUILDS_PART = "builds";

const Parts = v.record(v.string(), v.unknown());

const Grant = v.object({
  /** Which directory it was: another one in its place is not trusted. */
  directory: v.string(),
  /** What was looked at and trusted, the newest last. */
  contents: v.array(Parts),
});
type Grant = v.InferOutput<typeof Grant>;

const TrustDocument = v.object({
  version: v.literal(2),
  /** Manifest, in its directory's real path → what was trusted there. */
  trusted: v.record(v.string(), Grant),
});

/** The format that had hashes only: what it trusted is asked for once more. */
const OldDocument = v.object({ version: v.literal(1) });

/** Contents of one manifest that are kept: a branch that is switched back to needs no second question. */
const MOST_CONTENTS = 20;

export interface TrustStoreOptions {
  /** Directories that the user's own settings trust. */
  trustedPaths: readonly string[];
  /** The user trusts everything: `HAFT_TRUST=1`. */
  everything?: boolean;
}

/**
 * Which projects may run code. Trust is given to a directory and to what its files say now: when the parts
 * that can run code change, it is asked for again; when a tool's version changes, it is not.
 */
export class TrustStore {
  readonly #file: string;
  readonly #options: TrustStoreOptions;

  constructor(stateDirectory: string, options: TrustStoreOptions) {
    this.#file = join(stateDirectory, "trust.json");
    this.#options = options;
  }

  isTrusted(gated: GatedParts): boolean {
    return this.#options.everything === true || this.isRecorded(gated);
  }

  /**
   * Whether it is trusted without `HAFT_TRUST=1`: by a question that was answered, or by the user's settings.
   */
  isRecorded(gated: GatedParts): boolean {
    return this.isRecordedHere(gated) || this.#isGranted(worktreeTwins(keyOf(gated.path)), gated);
  }

  /**
   * Whether {@link file}, the user's settings and the project's own files alone say so: while they are as
   * they are, so is this answer.
   */
  isRecordedHere(gated: GatedParts): boolean {
    if (Object.keys(gated.parts).length === 0) return true;
    if (gated.files.every((file) => this.#inTrustedPath(file))) return true;
    return this.#isGranted([keyOf(gated.path)], gated);
  }

  /** Where trust is kept. */
  get file(): string {
    return this.#file;
  }

  /** The parts that were trusted last in this directory; undefined when none were. */
  lastTrusted({ path }: GatedParts): GatedParts["parts"] | undefined {
    const key = keyOf(path);
    const grant = this.#read()[key];
    return grant?.directory === directoryIdentity(dirname(key)) ? grant?.contents.at(-1) : undefined;
  }

  trust({ path, parts }: GatedParts): void {
    const key = keyOf(path);
    const directory = directoryIdentity(dirname(key));
    this.#change((grants) => {
      const before = grants[key]?.directory === directory ? grants[key].contents : [];
      const others = before.filter((known) => canonicalJson(known) !== canonicalJson(parts));
      const contents = [...others, { ...parts }].slice(-MOST_CONTENTS);
      return { ...grants, [key]: { directory, contents } };
    });
  }

  /** @returns false when it was not trusted */
  revoke(path: string): boolean {
    let found = false;
    this.#change(({ [keyOf(path)]: known, ...rest }) => {
      found = known !== undefined;
      return found ? rest : undefined;
    });
    return found;
  }

  /** Every manifest that was trusted by hand. */
  get paths(): string[] {
    return Object.keys(this.#read()).sort();
  }

  #isGranted(keys: readonly string[], { parts: wanted }: GatedParts): boolean {
    const grants = this.#read();
    const content = contentText(wanted);
    return keys.some((path) => {
      const grant = grants[path];
      return grant !== undefined && grant.directory === directoryIdentity(dirname(path)) &&
        grant.contents.some((parts) => contentText(parts) === content);
    });
  }

  #inTrustedPath(file: string): boolean {
    const path = keyOf(file);
    return this.#options.trustedPaths.some((directory) =>
      path.startsWith(realPath(directory).replace(/[\\/]$/, "") + sep)
    );
  }

  /** @throws {HaftError} when the system refuses to read the file; one that is damaged trusts nothing */
  #read(): Record<string, Grant> {
    return readOrSetAside(this.#file, (text) => {
      const last = lastRead.get(this.#file);
      if (last?.text === text) return last.grants;
      const document: unknown = JSON.parse(text);
      const grants = v.is(OldDocument, document) ? {} : v.parse(TrustDocument, document).trusted;
      lastRead.set(this.#file, { text, grants });
      return grants;
    }) ?? {};
  }

  /** One process at a time: two that trust at once must not undo each other. */
  #change(change: (grants: Record<string, Grant>) => Record<string, Grant> | undefined): void {
    underLock(`${this.#file}.lock`, () => {
      const trusted = change(this.#read());
      if (trusted === undefined) return;
      writeAtomic(this.#file, `${JSON.stringify({ version: 2, trusted }, null, 2)}\n`, { mode: 0o600 });
    });
  }
}

/** What each file said when it was read last: many apps of one project that start together ask for each. */
const lastRead = new Map<string, { text: string; grants: Record<string, Grant> }>();

/** Sections are never changed once they are read, so that each is written out once. */
const sectionTexts = new WeakMap<object, string>();

/** The same text for the same content. */
function contentText(parts: GatedParts["parts"]): string {
  return Object.keys(parts).sort().map((name) => `${JSON.stringify(name)}:${sectionText(parts[name])}`)
    .join();
}

function sectionText(section: unknown): string {
  if (typeof section !== "object" || section === null) return canonicalJson(section);
  const known = sectionTexts.get(section) ?? canonicalJson(section);
  sectionTexts.set(section, known);
  return known;
}

/**
 * The file by its directory's real path. The file itself may be a link: what it says is compared, and what it
 * names is looked for in the directory that the link is in.
 */
function keyOf(path: string): string {
  return join(realPath(dirname(path)), basename(path));
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
