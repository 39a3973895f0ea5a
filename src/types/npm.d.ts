/**
 * Types for what haft uses of npm's configuration libraries, which ship none. Checked against their source.
 */

declare module "@pnpm/npm-conf" {
  const npmConf: { readonly defaults: { readonly registry: string } };
  export default npmConf;
}

declare module "ini" {
  /** Sections become objects, `key[]` a list, a bare word `true`. */
  export function parse(text: string): Record<string, unknown>;
  export function stringify(settings: Record<string, unknown>): string;
}

declare module "unbzip2-stream" {
  /** A stream that takes bzip2 and gives what is inside. */
  export default function unbzip2(): NodeJS.ReadWriteStream;
}
