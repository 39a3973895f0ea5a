/**
 * An app's name as bunctl's own code makes it: trimmed, lower-cased, anything but [a-z0-9-_.] a "-", outer "-" gone.
 */
export function bunctlName(name: string): string {
  return name.trim().toLowerCase().replaceAll(/[^a-z0-9\-_.]+/g, "-").replace(/^-+|-+$/g, "");
}
