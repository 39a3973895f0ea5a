import { join } from "node:path";
import { errorMessage } from "../../base/errors.ts";
import type { Catalogue } from "../catalogue/catalogue.ts";
import {
  miseDirectories,
  parseVersionFile,
  type VersionFileContent,
  type VersionFilePlace,
  versionFilesIn,
} from "../manifest/version_files.ts";
import { VERSION_FILES, type VersionFileFamily } from "../manifest/version_files/families.ts";
import { readText } from "./manifests.ts";

/** Where a reader notes what it looked for, and what is wrong in it. */
export interface Looked {
  /** Every file that was looked for, there or not: while they stay as they are, so does the answer. */
  lookedFor: string[];
  /** What is wrong in version files, each with the file and often the line. */
  problems: string[];
}

/** The kinds of files that a setting `version_files` lets count. */
export function chosenFamilies(
  choice: boolean | readonly VersionFileFamily[] | undefined,
): readonly VersionFileFamily[] {
  return choice === false ? [] : choice === true || choice === undefined ? VERSION_FILES : choice;
}

/** What the version files of one directory say, in the order in which they decide. */
export function* versionFileContents(
  directory: string,
  { looked, families, environments, catalogue }: {
    looked: Looked;
    families: readonly VersionFileFamily[];
    environments: readonly string[];
    catalogue: Catalogue;
  },
): Generator<VersionFileContent & { family: VersionFileFamily }> {
  if (families.length === 0) return;
  const mise = miseDirectories(directory);
  looked.lookedFor.push(...mise.lookedFor);
  for (const { family, name } of versionFilesIn({ environments, ...mise })) {
    if (!families.includes(family)) continue;
    const path = join(directory, ...name.split("/"));
    looked.lookedFor.push(path);
    const content = readVersionFile(path, { family, catalogue }, looked);
    if (content !== undefined) yield { ...content, family };
  }
}

/** As of a haft.toml: a stranger's file must not keep haft busy. package.json can be long. */
const LONGEST_VERSION_FILE = 1024 * 1024;

/** A version file that cannot be read is another program's: it is told, and stops nothing. */
export function readVersionFile(
  path: string,
  place: Pick<VersionFilePlace, "family" | "catalogue">,
  { problems }: Looked,
): VersionFileContent | undefined {
  let text: string | undefined;
  try {
    text = readText(path);
  } catch (error) {
    problems.push(errorMessage(error));
    return undefined;
  }
  if (text !== undefined && text.length > LONGEST_VERSION_FILE) {
    problems.push(`${path} has ${text.length} characters, ${LONGEST_VERSION_FILE} at most`);
    return undefined;
  }
  return text === undefined ? undefined : parseVersionFile(text, { ...place, path, read: readText });
}
