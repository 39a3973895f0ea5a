/**
 * An app's name as bunctl's own code makes it: each character but [A-Za-z0-9-_.] a "-", ASCII lower-cased,
 * outer "-" gone.
 */
export function bunctlName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9\-_.]/gu, "-").toLowerCase().replace(/^-+|-+$/g, "");
}
