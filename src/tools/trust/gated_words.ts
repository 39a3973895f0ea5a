/** How messages name what of a project can run code, and the files that say it. */
import { basename, dirname, relative } from "node:path";
import { BUILDS_PART, ENV_FILES_PART, type GatedParts, NPMRC_PART } from "./trust_store.ts";

/** `"/p/haft.toml" is not trusted, and its [env], [tasks] can run code`: the files are those that say it. */
export function untrustedText(gated: GatedParts, { changed }: { changed: boolean }): string {
  const state = changed ? "is not trusted since it changed" : "is not trusted";
  const byFile = sectionsByFile(gated);
  const [only] = byFile;
  if (only !== undefined && byFile.length === 1) {
    return `"${only.file}" ${state}, and its ${only.sections.join(", ")} can run code`;
  }
  return `"${dirname(gated.path)}" ${state}, and ${inFiles(gated, byFile)} can run code`;
}

/** `[env], [tasks]`, or with several files, or another one than trust is given to, `[env] of mise.toml`. */
export function gatedSections(gated: GatedParts): string {
  const byFile = sectionsByFile(gated);
  const isPlain = byFile.every(({ file }) => file === gated.path);
  return isPlain ? byFile.flatMap(({ sections }) => sections).join(", ") : inFiles(gated, byFile);
}

interface FileSections {
  file: string;
  sections: string[];
}

function inFiles({ path }: GatedParts, byFile: readonly FileSections[]): string {
  return byFile.map(({ file, sections }) =>
    `${sections.join(", ")} of ${relative(dirname(path), file) || basename(file)}`
  ).join(" and ");
}

/** The file that trust is given to comes first; what is a whole file of its own stands there, too. */
function sectionsByFile({ path, parts, origins = {} }: GatedParts): FileSections[] {
  const found = new Map<string, string[]>();
  const wholeFiles: string[] = [];
  for (const [name, part] of Object.entries(parts)) {
    if (name === ENV_FILES_PART) wholeFiles.push(...Object.keys(Object(part)));
    else if (name === NPMRC_PART) wholeFiles.push(".npmrc");
    // A part that is a whole file has its name.
    else if (/[./]/.test(name)) wholeFiles.push(name);
    else {
      for (const file of origins[name] ?? [path]) {
        const sections = found.get(file) ?? [];
        if (!sections.includes(wordFor(name))) found.set(file, [...sections, wordFor(name)]);
      }
    }
  }
  if (wholeFiles.length > 0) {
    const at = found.size === 1 ? [...found.keys()][0] ?? path : path;
    found.set(at, [...found.get(at) ?? [], ...wholeFiles]);
  }
  return [...found].map(([file, sections]) => ({ file, sections })).toSorted((a, b) =>
    Number(b.file === path) - Number(a.file === path)
  );
}

/** Parts that are keys of a tool and no sections. */
const WORDS: Readonly<Record<string, string>> = {
  install_env: "install_env",
  options: "postinstall",
  [BUILDS_PART]: "[tools]",
};

function wordFor(part: string): string {
  return WORDS[part] ?? `[${part}]`;
}
