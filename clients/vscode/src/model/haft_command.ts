import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { basename, delimiter, isAbsolute, join } from "node:path";
import process from "node:process";
import type { Env } from "../../../../src/base/env.ts";
import { envValue } from "../../../../src/base/env.ts";

/** There is no `haft` to run. The editor offers to install it. */
export class HaftMissing extends Error {
  override readonly name = "HaftMissing";
}

/** `haft` ran, and failed; the message and the next step are its own words. */
export class HaftFailed extends Error {
  override readonly name = "HaftFailed";
  readonly next: string | undefined;

  constructor(message: string, next: string | undefined) {
    super(message);
    this.next = next;
  }
}

/** Where {@link findHaft} looks. */
export interface HaftPlaces {
  env: Env;
  home: string;
  /** The program that runs the daemon: haft, or the runtime that runs haft's sources. */
  ofDaemon?: string | undefined;
}

/**
 * The executable that the setting names, else the first on PATH, else where the installer puts it, else the
 * daemon's own: an editor may not have the PATH of the shell that started the daemon.
 *
 * @throws {HaftMissing} naming what was looked for
 */
export function findHaft(setting: string, { env, home, ofDaemon }: HaftPlaces): string {
  if (setting !== "") {
    const path = setting.replace(/^~(?=[/\\])/, home);
    if (isAbsolute(path) && isExecutable(path)) return path;
    throw new HaftMissing(`"haft.path" names "${setting}", which is no absolute path of an executable`);
  }
  const name = process.platform === "win32" ? "haft.exe" : "haft";
  const directories = (envValue(env, "PATH") ?? envValue(env, "Path") ?? "").split(delimiter);
  const candidates = [...directories.filter(isAbsolute), join(home, ".local", "bin")].map((directory) =>
    join(directory, name)
  );
  if (ofDaemon !== undefined && basename(ofDaemon) === name) {
    candidates.push(ofDaemon);
  }
  const found = candidates.find(isExecutable);
  if (found !== undefined) return found;
  throw new HaftMissing(`No "${name}" on PATH, nor in "${join(home, ".local", "bin")}"`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Runs `haft` without a shell: what a manifest calls a tool or a task is one word of the command line.
 *
 * @returns what it printed
 * @throws {HaftFailed} with its own text
 */
export function runHaft(
  path: string,
  args: readonly string[],
  { cwd, env, signal }: { cwd: string; env: Env; signal?: AbortSignal },
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      path,
      [...args],
      { cwd, env: { ...env, NO_COLOR: "1" }, signal, maxBuffer: 8 << 20 },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        if (error.name === "AbortError") return reject(error);
        if ("syscall" in error) {
          return reject(new HaftMissing(`Cannot run "${path}": ${error.message}`));
        }
        reject(failureOf(stderr, `"${path} ${args.join(" ")}" failed`));
      },
    );
  });
}

/** `error: MESSAGE`, and indented below it the next step. */
export function failureOf(stderr: string, otherwise: string): HaftFailed {
  const lines = stderr.trimEnd().split("\n");
  const at = lines.findLastIndex((line) => line.startsWith("error: "));
  if (at < 0) {
    return new HaftFailed(stderr.trim() === "" ? otherwise : stderr.trim(), undefined);
  }
  const next = lines.slice(at + 1).filter((line) => line.startsWith("  ")).map((line) => line.trim());
  return new HaftFailed(lines[at]?.slice("error: ".length) ?? otherwise, next.join("\n") || undefined);
}
