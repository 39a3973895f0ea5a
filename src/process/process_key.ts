import { sha256 } from "../base/sha256.ts";

/** An app is known by its project's directory and its name: two projects may have apps of one name. */
export interface ProcessKey {
  root: string;
  name: string;
}

/** One text for the two; a NUL is in neither. */
export function keyText({ root, name }: ProcessKey): string {
  return `${root}\0${name}`;
}

/**
 * What an app's files are called: what of the name can be in a file's name, so that people find it, and a
 * hash, so that no two apps share one whatever their names, their case or their length. At most 61
 * characters.
 */
export function fileStem(key: ProcessKey): string {
  const readable = key.name.normalize("NFC").replaceAll(/[^A-Za-z0-9._-]+/g, "_").replace(/^[._-]+/, "")
    .slice(0, 40);
  const hash = sha256(keyText(key)).slice(0, 20);
  return `${readable === "" ? "app" : readable}-${hash}`;
}
