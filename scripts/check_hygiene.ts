import npmConf from "@pnpm/npm-conf";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { projectRoot } from "./support/project.ts";

/** Text that a file of the repository must not hold, and why. */
export interface Forbidden {
  pattern: RegExp;
  why: string;
}

/** @param machine absolute directories of this machine, and the addresses of registries. */
export function forbiddenTexts(
  machine: { directories: readonly string[]; hosts: readonly string[] },
): Forbidden[] {
  return [
    ...machine.hosts.map((host) => ({
      pattern: new RegExp(escapeRegExp(host), "i"),
      why: "a registry's address comes from npm's configuration, never from a file here",
    })),
    ...machine.directories.map((directory) => ({
      pattern: new RegExp(`(?<![\\w.~-])${escapeRegExp(directory)}(?=[/\\\\"'\\s)]|$)`),
      why: "a path of this machine means nothing on another",
    })),
    { pattern: /^(<{7}|>{7}) /, why: "a merge was left half done" },
  ];
}

/** `path:line: reason` for every line that holds a forbidden text. */
export function hygieneProblems(path: string, text: string, forbidden: readonly Forbidden[]): string[] {
  return text.split("\n").flatMap((line, index) =>
    forbidden.filter(({ pattern }) => pattern.test(line)).map(({ why }) => `${path}:${index + 1}: ${why}`)
  );
}

/** A file of src longer than this holds a second idea. */
export const longestSource = 350;

/** One line for a source file that is too long. */
export function lengthProblems(path: string, text: string): string[] {
  if (!path.startsWith("src/") || !path.endsWith(".ts")) return [];
  const lines = text.split("\n").length - 1;
  return lines <= longestSource
    ? []
    : [`${path}: ${lines} lines, ${longestSource} at most: split it by idea`];
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

/**
 * The host that npm itself would ask, without anybody's settings, and others that packages come from. These
 * are written in parts, so that this file passes its own check.
 */
function registryHosts(): string[] {
  const npm = new URL(npmConf.defaults.registry).host;
  const others = [
    ["npmjs", "org"],
    ["npm" + "mirror", "com"],
    ["pypi", "org"],
    ["python" + "hosted", "org"],
    ["crates", "io"],
    ["rubygems", "org"],
    ["proxy", "golang", "org"],
    ["maven", "org"],
    ["deb", "debian", "org"],
    ["jsr", "io"],
  ];
  return [npm, ...others.map((parts) => parts.join("."))];
}

if (import.meta.main) {
  const listed = spawnSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: projectRoot,
    encoding: "utf8",
  });
  if (listed.status !== 0) throw new Error(`git ls-files: ${listed.stderr}`);
  const forbidden = forbiddenTexts({ directories: [projectRoot, homedir()], hosts: registryHosts() });
  const paths = [...new Set(listed.stdout.split("\0").filter((path) => path !== ""))];
  const problems = paths.flatMap((path) => {
    const text = readText(join(projectRoot, path));
    if (text === undefined) return [];
    return [...hygieneProblems(path, text, forbidden), ...lengthProblems(path, text)];
  });
  for (const problem of problems) console.error(problem);
  if (problems.length === 0) console.log(`${paths.length} files, nothing that does not belong`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

/** A file's text; nothing for one that is deleted but still listed, or that is not text. */
function readText(path: string): string | undefined {
  try {
    const text = readFileSync(path, "utf8");
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}
