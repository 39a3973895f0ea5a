import { ArchiveError } from "./archive_error.ts";
import { ARCHIVE_LIMITS, type ArchiveLimits } from "./limits.ts";

export interface EntryPathOptions {
  /** `process.platform`: Windows has names that cannot be files. */
  platform: string;
  limits?: Readonly<ArchiveLimits>;
}

const encoder = new TextEncoder();
// deno-lint-ignore no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/;
const ASCII = /^[\u0020-\u007e]*$/;
const WINDOWS_RESERVED = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/i;
const WINDOWS_INVALID = /[<>:"|?*]|[. ]$/;

/**
 * Splits an entry's name into its components, with `.` and empty ones left out.
 *
 * @throws {ArchiveError} when the name could mean a place outside, or another place on another system.
 */
export function entryPath(name: string, { platform, limits = ARCHIVE_LIMITS }: EntryPathOptions): string[] {
  const refuse = (reason: string): never => {
    throw new ArchiveError(reason, { entry: name });
  };
  if (name === "") refuse("has no name");
  if (CONTROL.test(name)) refuse("has a control character in its name");
  if (name.includes("\ufffd")) refuse("has a name that is not valid UTF-8");
  if (name.includes("\\")) refuse("has a backslash in its name");
  if (name.startsWith("/")) refuse("has an absolute path");
  if (/^[a-z]:/i.test(name)) refuse("has a drive letter");
  const components = name.split("/").filter((component) => component !== "" && component !== ".");
  if (components.length > limits.depth) refuse(`is more than ${limits.depth} directories deep`);
  for (const component of components) {
    if (component === "..") refuse(`leaves the directory with ".."`);
    if (
      component.length * 3 > limits.componentBytes && encoder.encode(component).length > limits.componentBytes
    ) {
      refuse(`has a name of more than ${limits.componentBytes} bytes`);
    }
    if (platform === "win32" && (WINDOWS_RESERVED.test(component) || WINDOWS_INVALID.test(component))) {
      refuse("has a name that Windows does not allow");
    }
  }
  return components;
}

/**
 * The key under which a name is the same file on a store that ignores case (macOS, Windows) or the way
 * accents are composed (macOS). Upper case first: `ß` and `ss` meet only there.
 */
export function foldedPath(path: string): string {
  if (ASCII.test(path)) return path.toLowerCase();
  return path.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");
}
