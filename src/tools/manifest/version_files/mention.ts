/** What one file of another program says. Nothing is judged yet: which tools and versions haft has is not
 * known here. */

/** A tool and the versions that the file accepts, the preferred one first. */
export interface Mention {
  name: string;
  versions: readonly string[];
  /** Where in the file: `line 3`, `tools.node`, `volta.node`. */
  key: string;
  /** Of the archive, in hexadecimal: `sha512`, `a1b2…`. */
  hash?: { algorithm: string; digest: string };
  /** Systems, as the file calls them. */
  os?: readonly string[];
}

/** A range that a file allows without asking for a tool: package.json's `engines`. */
export interface Constraint {
  name: string;
  range: string;
  key: string;
}

export interface Mentions {
  tools: Mention[];
  constraints?: Constraint[];
  /** Variables; null takes one away. */
  env?: Record<string, string | null>;
  /** What is wrong in the file, or what haft leaves out; with `:LINE:` in front where there is one. */
  problems?: string[];
  /** Other files that this one takes from. */
  alsoRead?: string[];
}

/** Text that cannot be seen is shown escaped: a version is a line of its own in many files. */
export function visibleText(text: string): string {
  return text.replaceAll(
    /[^\x20-\x7e\u00a1-\u024f]/gu,
    (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

export function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
