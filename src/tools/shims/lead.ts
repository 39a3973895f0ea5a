/**
 * A lead: the directory that `haft exec` puts first on PATH, with a script for each executable of a project.
 * In the directory that the lead was made for, a script starts the project's tool at once; anywhere else it
 * hands over to the shim, which decides anew. So a child in another project gets that project's version.
 */
import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { Paths } from "../../base/paths.ts";
import { makeDirectory } from "../../base/private_directory.ts";
import { shellQuote } from "../../base/shell_quote.ts";
import { shortHash } from "../../base/short_hash.ts";
import { writeAtomic } from "../../base/write_atomic.ts";
import { SHIM_MARK } from "./shim_script.ts";

export interface LeadOptions {
  /** `process.cwd()`: without links. */
  cwd: string;
  paths: Pick<Paths, "leads" | "shims">;
}

/**
 * The directories of a project's executables, led by the project's lead, which is written if it is missing.
 * Windows has none: a program there starts `NAME.exe` only, and no script.
 */
export function withLead(path: readonly string[], { cwd, paths: { leads, shims } }: LeadOptions): string[] {
  if (path.length === 0 || process.platform === "win32") return [...path];
  const lead = join(leads, shortHash(JSON.stringify([cwd, shims, path])));
  return existsSync(lead) || write(lead, { path, cwd, shims }) ? [lead, ...path] : [...path];
}

function write(
  lead: string,
  { path, cwd, shims }: { path: readonly string[]; cwd: string; shims: string },
): boolean {
  const staging = `${lead}.${process.pid}`;
  try {
    makeDirectory(staging, { mode: 0o700 });
    // The first directory that has a name wins, as on PATH.
    const files = new Map(
      path.toReversed().flatMap((directory) =>
        readdirSync(directory).map((name) => [name, join(directory, name)] as const)
      ),
    );
    for (const [name, file] of files) {
      if (!existsSync(join(shims, name))) continue;
      const script = leadScript({ cwd, file, shim: join(shims, name) });
      writeAtomic(join(staging, name), script, { mode: 0o700, durable: false });
    }
    renameSync(staging, lead);
    return true;
  } catch {
    // Without it children have the project's tools, as they stand behind it on PATH.
    rmSync(staging, { recursive: true, force: true });
    return existsSync(lead);
  }
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
