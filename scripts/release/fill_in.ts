import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../support/project.ts";

/** What a template in packaging/ calls `@NAME@`. */
export interface ReleaseFacts {
  version: string;
  /** Where the files of a release are: `<url>/v<version>/<file>`. */
  releasesUrl: string;
  /** Empty when the release is not signed. */
  publicKey: string;
  /** Each file's sum in hex, by name. */
  sums: ReadonlyMap<string, string>;
}

/** @param template a file below packaging/ */
export function fillIn(template: string, { version, releasesUrl, publicKey, sums }: ReleaseFacts): string {
  const values: Record<string, string> = {
    VERSION: version,
    RELEASES: releasesUrl,
    PUBLIC_KEY: publicKey,
    CHECKSUMS: [...sums].map(([name, sum]) => `${sum}  ${name}`).join("\n"),
  };
  const text = readFileSync(join(projectRoot, "packaging", template), "utf8");
  return text.replaceAll(/@([A-Z_]+)@/g, (whole, key: string) => values[key] ?? whole);
}
