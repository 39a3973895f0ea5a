/**
 * A lead: the directory that `haft exec` puts first on PATH, with a script for each executable of a project.
 * In the directory that the lead was made for, a script starts the project's tool at once; anywhere else it
 * hands over to the shim, which decides anew. So a child in another project gets that project's version.
 */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import type { Paths } from "../../base/paths.ts";
import { shellQuote } from "../../base/shell_quote.ts";
import { shortHash } from "../../base/short_hash.ts";
import { SHIM_MARK } from "../shim_mark.ts";
import { writeScripts } from "../write_scripts.ts";

export interface LeadOptions {
  /** `process.cwd()`: without links. */
  cwd: string;
  paths: Pick<Paths, "leads" | "shims">;
}

/**
 * The directories of a project's executables, led by the project's lead, which is written if it is missing.
 * Stand-ins (see stand_ins.ts) stay in front of it. Windows has no lead: a program there starts `NAME.exe`
 * only, and no script.
 */
export function withLead(path: readonly string[], { cwd, paths: { leads, shims } }: LeadOptions): string[] {
  const standIns = path.filter((directory) => dirname(directory) === leads);
  const own = path.filter((directory) => dirname(directory) !== leads);
  if (own.length === 0 || process.platform === "win32") return [...path];
  const lead = join(leads, shortHash(JSON.stringify([cwd, shims, own])));
  // Without it children have the project's tools, as they stand behind it on PATH.
  const isThere = existsSync(lead) || writeScripts(lead, () => leadScripts(own, { cwd, shims }));
  return [...standIns, ...(isThere ? [lead] : []), ...own];
}

function leadScripts(path: readonly string[], { cwd, shims }: { cwd: string; shims: string }) {
  // The first directory that has a name wins, as on PATH.
  const files = new Map(
    path.toReversed().flatMap((directory) =>
      readdirSync(directory).map((name) => [name, join(directory, name)] as const)
    ),
  );
  return [...files].filter(([name]) => existsSync(join(shims, name))).map(([name, file]) =>
    [name, leadScript({ cwd, file, shim: join(shims, name) })] as const
  );
}

/** The mark keeps a shim from taking a lead for a program of the system. */
function leadScript({ cwd, file, shim }: { cwd: string; file: string; shim: string }): string {
  const [own, decides] = [shellQuote(file), shellQuote(shim)];
  return `#!/bin/sh
# ${SHIM_MARK}
{
[ "$PWD" = ${shellQuote(cwd)} ] || ! [ -x ${decides} ] || exec ${decides} "$@"
exec ${own} "$@"
}
`;
}
