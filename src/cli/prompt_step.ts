import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { errorMessage } from "../base/errors.ts";
import { makeDirectory } from "../base/private_directory.ts";
import { shellQuote } from "../base/shell_quote.ts";
import { shortHash } from "../base/short_hash.ts";
import { dotenvFiles } from "../tools/project/code_variables.ts";
import { ancestors, LOCAL_MANIFEST_NAME, MANIFEST_NAME } from "../tools/project/manifests.ts";
import { openProject, type Project } from "../tools/project/project.ts";
import type { Context } from "./command.ts";
import { foreignDirectory } from "../base/foreign_directory.ts";
import type { HookShell } from "./prompt_hook.ts";
import { fishQuoted, shellLines } from "./shell.ts";
import { shortPath } from "./short_path.ts";

/** What the hook evaluates after it undid the last directory's variables. */
export function promptStep(shell: HookShell, context: Context): string {
  const { variables, note, files } = lookAt(context);
  return [
    applyLines(shell, variables, context),
    noteLine(shell, note),
    unchangedFunction(shell, stamped(files, context)),
  ].join("");
}

interface Look {
  variables: Readonly<Record<string, string | null>>;
  /** What to tell the user, once for each directory. */
  note: { directory: string; text: string } | undefined;
  /** While these are as they are, there or not, the answer is the same. */
  files: readonly string[];
}

function lookAt(context: Context): Look {
  const { cwd, home } = context;
  let project: Project;
  try {
    project = openProject(cwd, context);
  } catch (error) {
    const files = [...ancestors(cwd)].flatMap((directory) =>
      [LOCAL_MANIFEST_NAME, MANIFEST_NAME].map((name) => join(directory, name))
    );
    return { variables: {}, note: { directory: cwd, text: firstLine(errorMessage(error)) }, files };
  }
  const { root, files: { env, dotenv, foreignEnv, lookedFor, settings } } = project;
  const named = new Set(dotenvFiles(root, settings));
  const files = lookedFor.filter((file) => decidesVariables(file) || named.has(file));
  files.push(project.trust.file);
  const isAsked = Object.keys({ ...env, ...dotenv, ...foreignEnv }).length > 0;
  if (!isAsked) return { variables: {}, note: undefined, files };
  if (project.isTrusted) return { variables: project.variables(), note: undefined, files };
  const path = shortPath(project.gated.path, home);
  const text = `${path} is not trusted, so its variables are not applied; "haft trust" shows it and asks`;
  return { variables: {}, note: { directory: root, text }, files };
}

/** A version file that comes changes no variable; a manifest may. */
function decidesVariables(file: string): boolean {
  return existsSync(file) || /^haft\.(local\.)?toml$|mise/.test(basename(file));
}

function applyLines(shell: HookShell, variables: Look["variables"], { env, paths }: Context): string {
  const entries = Object.entries(variables).filter(([name]) => /^[A-Za-z_]\w*$/.test(name));
  if (entries.length === 0) return "";
  const set: Record<string, string> = {};
  const unset: string[] = [];
  for (const [name, value] of entries) {
    if (value === null) unset.push(name);
    // The shims stay in front.
    else set[name] = name === "PATH" ? `${paths.shims}:${value}` : value;
  }
  const keep = entries.map(([name]) =>
    shell === "fish"
      ? `set -qg ${name}; and set -gx HAFT_OLD_${name} $${name}\n`
      : `[ -z "\${${name}+set}" ] || export HAFT_OLD_${name}="$${name}"\n`
  );
  // Only what is exported comes to haft.
  const hooked = entries.map(([name]) => `${name}${env[name] === undefined ? "-" : ""}:`).join("");
  return keep.join("") + shellLines(shell, { set: { ...set, HAFT_HOOKED: hooked }, unset });
}

function noteLine(shell: HookShell, note: Look["note"]): string {
  if (note === undefined) return "";
  if (shell === "fish") {
    const [directory, text] = [fishQuoted(note.directory), fishQuoted(`haft: ${note.text}`)];
    return `if not contains -- ${directory} $_haft_noted
  echo ${text} >&2
  set -ga _haft_noted ${directory}
end
`;
  }
  const directory = shellQuote(`:${note.directory}:`);
  return `case "\${_haft_noted-}" in
  *${directory}*) ;;
  *) printf '%s\\n' ${shellQuote(`haft: ${note.text}`)} >&2; _haft_noted="\${_haft_noted-}"${directory} ;;
esac
`;
}

interface StampedFile {
  path: string;
  /** A file of the same time of modification; undefined where there is no such file. */
  stamp: string | undefined;
}

/**
 * Gives each file a stamp, so that a shell can compare times without starting a program. The shell's own
 * `touch` makes it: times set through JavaScript lose their last digits.
 */
function stamped(files: readonly string[], { paths }: Context): StampedFile[] {
  if (foreignDirectory(paths) !== undefined) return [];
  const directory = join(paths.exec, "stamps");
  const all = files.map((path): StampedFile => {
    const modified = statSync(path, { bigint: true, throwIfNoEntry: false })?.mtimeNs;
    return {
      path,
      stamp: modified === undefined ? undefined : join(directory, shortHash(`${path}\0${modified}`)),
    };
  });
  const missing = all.flatMap(({ path, stamp }) =>
    stamp === undefined || existsSync(stamp) ? [] : [path, stamp]
  );
  if (missing.length === 0) return all;
  makeDirectory(directory, { mode: 0o700 });
  const script = 'while [ $# -gt 0 ]; do touch -r "$1" "$2"; shift 2; done';
  spawnSync("/bin/sh", ["-c", script, "sh", ...missing], { stdio: "ignore" });
  return all;
}

function unchangedFunction(shell: HookShell, files: readonly StampedFile[]): string {
  const isFish = shell === "fish";
  const [quote, negation] = isFish ? [fishQuoted, "not "] as const : [shellQuote, "! "] as const;
  const checks = files.map(({ path, stamp }) => {
    const own = quote(path);
    if (stamp === undefined) return `${negation}test -e ${own}`;
    const mark = quote(stamp);
    return `test -e ${own} && ${negation}test ${own} -nt ${mark} && ${negation}test ${own} -ot ${mark}`;
  });
  const body = checks.map((check) => `  ${check} || return 1\n`).join("");
  return isFish ? `function _haft_unchanged\n${body}  true\nend\n` : `_haft_unchanged() {\n${body}  :\n}\n`;
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? text;
}
