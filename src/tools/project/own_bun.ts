/**
 * Runs scripts by haft itself, which as a compiled binary is a complete Bun when BUN_BE_BUN is set. Three
 * small files make that safe:
 * - a configuration of its own, because the current directory's `bunfig.toml` can preload any code, and its
 *   `.env` any variable: both belong to the project, which may be a stranger's, and not to the tool;
 * - a preload that forgets BUN_BE_BUN, because a haft among what the script starts would be a Bun, too.
 *   `Bun.spawn` does not see that a variable was deleted, so it is given the environment each time;
 * - a launcher that stands for the runtime, because scripts start themselves again by `process.execPath`.
 */
import { join } from "node:path";
import process from "node:process";
import { shellQuote } from "../../base/shell_quote.ts";
import { writeAtomic } from "../../base/write_atomic.ts";
import { readTextFile } from "../../base/read_text_file.ts";

/** How a JavaScript tool's script is started: a program, and what comes before the tool's own arguments. */
export interface ScriptCommand {
  file: string;
  args: string[];
  env: Record<string, string>;
}

/** Flags that keep a Bun from what lies in the current directory. */
export function isolatedBunFlags(stateDirectory: string): string[] {
  const config = join(stateDirectory, "bun", "bunfig.toml");
  writeOnce(config, "# What scripts of tools run with, instead of the current directory's.\n");
  return ["--no-env-file", `--config=${config}`];
}

export interface OwnBunOptions {
  /** The compiled haft. */
  self: string;
  /** Where haft keeps its own small files. */
  stateDirectory: string;
}

/** How the compiled haft runs a script. */
export function ownBun(script: string, options: OwnBunOptions): ScriptCommand {
  return { file: options.self, args: [...ownBunFlags(options), script], env: { BUN_BE_BUN: "1" } };
}

/** Writes the three files, unless they are there, and returns the flags that name them. */
export function ownBunFlags({ self, stateDirectory }: OwnBunOptions): string[] {
  const directory = join(stateDirectory, "bun");
  const preload = join(directory, "preload.cjs");
  const flags = [...isolatedBunFlags(stateDirectory), "--preload", preload];
  const launcher = process.platform === "win32" ? undefined : join(directory, "bun");
  writeOnce(preload, preloadText(launcher));
  if (launcher !== undefined) {
    const command = [self, ...flags].map(shellQuote).join(" ");
    writeOnce(launcher, `#!/bin/sh\nBUN_BE_BUN=1 exec ${command} "$@"\n`, 0o755);
  }
  return flags;
}

function preloadText(launcher: string | undefined): string {
  return `delete process.env.BUN_BE_BUN;
for (const name of ["spawn", "spawnSync"]) {
  const spawn = Bun[name];
  Bun[name] = (command, options) =>
    Array.isArray(command)
      ? spawn(command, { ...options, env: options?.env ?? process.env })
      : spawn({ ...command, env: command.env ?? process.env });
}
${launcher === undefined ? "" : `process.execPath = ${JSON.stringify(launcher)};\n`}`;
}

/** The text hardly ever changes: most runs only read it. */
function writeOnce(path: string, text: string, mode = 0o644): void {
  try {
    if (readTextFile(path) === text) return;
  } catch {
    // Not there yet, or not readable: it is written.
  }
  writeAtomic(path, text, { mode, durable: false });
}
