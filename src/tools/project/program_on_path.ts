import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import process from "node:process";

/**
 * The first program of that name on PATH.
 *
 * Links are not followed: what mise or volta put on PATH is one program that goes by the name it is started
 * with.
 *
 * @param except a directory that is left out: haft's own shims, which would ask haft again
 */
export function programOnPath(
  name: string,
  { PATH = "", except }: { PATH?: string | undefined; except: string },
): string | undefined {
  const file = process.platform === "win32" ? `${name}.exe` : name;
  return PATH.split(delimiter)
    // An empty entry is the current directory, whose programs are not the user's own.
    .filter((directory) => directory !== "" && resolve(directory) !== resolve(except))
    .map((directory) => join(directory, file))
    .find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
