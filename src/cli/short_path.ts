import { sep } from "node:path";
import { cellText } from "../ui/terminal_text.ts";

/** A path as a person reads it, on one line whatever its names hold: the home directory is `~`. */
export function shortPath(path: string, home: string): string {
  return cellText(home !== "" && path.startsWith(home + sep) ? `~${path.slice(home.length)}` : path);
}
