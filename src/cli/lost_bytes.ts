import { Buffer } from "node:buffer";
import { readFileSync, readlinkSync } from "node:fs";
import { dirname } from "node:path";
import { HaftError, UsageError } from "../base/errors.ts";
import { REPLACEMENT } from "../base/lost_bytes.ts";
import type { Command, Context } from "./command.ts";

/** Commands that look for a project and go on without one. */
const GO_ON: ReadonlySet<string> = new Set(["exec", "which", "ls"]);

/**
 * Looks for bytes that this process's words have lost: Linux's arguments and paths need not be UTF-8, and
 * most of haft works with text. `haft exec` hands its arguments on as they came.
 *
 * @returns where to look for a project: what reads like this directory's path may be another one, so the
 * nearest above whose path is text
 * @throws {HaftError} for what a command would take for another argument or directory
 */
export async function refuseLostBytes(
  { path, command, args }: { path: string; command: Command<unknown>; args: readonly string[] },
  { cwd, platform, stderr }: Context,
): Promise<string> {
  if (platform !== "linux") return cwd;
  const word = path === "exec" ? undefined : lostArgument(args);
  if (word !== undefined) {
    throw new UsageError(`The argument "${word}" is not UTF-8`, {
      next: 'Only "haft exec" hands on such bytes: haft exec -- COMMAND…',
    });
  }
  if (!hasLostBytes(cwd, () => readlinkSync("/proc/self/cwd", { encoding: "buffer" }))) return cwd;
  const text = `The path of this directory is not UTF-8: "${cwd}"`;
  if (GO_ON.has(path)) await stderr.write(`Warning: ${text}, and haft finds no project in it\n`);
  else if (command.readOnly !== true) {
    throw new HaftError(text, { next: "Rename the directory whose name it is, or work in another one" });
  }
  return dirname(cwd.slice(0, cwd.indexOf(REPLACEMENT)) + REPLACEMENT);
}

/** The first argument that is not what it reads like. */
function lostArgument(args: readonly string[]): string | undefined {
  const suspects = args.filter((word) => word.includes(REPLACEMENT));
  if (suspects.length === 0) return undefined;
  // A word that holds the character itself is text like any other.
  const given = readFileSync("/proc/self/cmdline");
  return suspects.find((word) => !given.includes(Buffer.from(`\0${word}\0`)));
}

function hasLostBytes(text: string, bytes: () => Uint8Array): boolean {
  return text.includes(REPLACEMENT) && !Buffer.from(text).equals(bytes());
}
