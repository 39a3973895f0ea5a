/** Tasks of other programs' files: npm's scripts, mise, just and Task. Their own programs run them. */
import { readTextFile } from "../../base/read_text_file.ts";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import process from "node:process";
import { withUsersUmask } from "../../base/umask.ts";
import { existsSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { parse } from "smol-toml";
import { ExitCode } from "../../base/exit_code.ts";
import { openProject } from "../../tools/project/project.ts";
import { type GatedParts, UntrustedError } from "../../tools/trust/trust_store.ts";
import type { Context } from "../command.ts";
import { includedFiles, linesOf, PACKAGE_SETTINGS, partsOfFiles } from "./files_it_reads.ts";
import type { TaskRunOptions } from "./run_options.ts";

export interface ForeignTask {
  name: string;
  description: string | undefined;
  file: string;
  /** Without the caller's words. */
  command: readonly string[];
  /** What its program reads, which has to be trusted as haft.toml's tasks have. */
  gated(): GatedParts;
}

interface Source {
  files: readonly string[];
  read: (file: string, text: string) => Omit<ForeignTask, "file" | "gated">[];
  /** What its program runs; by default all of the file and of those that it includes. */
  runs?: (file: string, text: string) => GatedParts["parts"];
}

const SOURCES: readonly Source[] = [
  {
    files: ["package.json"],
    runs: (file, text) => ({
      scripts: (JSON.parse(text) as { scripts?: unknown }).scripts,
      ...partsOfFiles(dirname(file), PACKAGE_SETTINGS),
    }),
    read(file, text) {
      const { scripts = {} } = JSON.parse(text) as { scripts?: Record<string, string> };
      const directory = join(file, "..");
      const runner =
        [["pnpm-lock.yaml", "pnpm"], ["yarn.lock", "yarn"], ["bun.lock", "bun"], ["bun.lockb", "bun"]]
          .find(([lock = ""]) => existsSync(join(directory, lock)))?.[1] ?? "npm";
      const words = runner === "npm" ? ["npm", "run", "--silent"] : [runner, "run"];
      return Object.entries(scripts).map(([name, script]) => ({
        name,
        description: script,
        command: [...words, name, ...(runner === "npm" ? ["--"] : [])],
      }));
    },
  },
  {
    files: ["mise.toml", ".mise.toml"],
    read(_, text) {
      const { tasks = {} } = parse(text) as { tasks?: Record<string, { description?: string } | string> };
      return Object.entries(tasks).map(([name, task]) => ({
        name,
        description: typeof task === "object" && !Array.isArray(task) ? task.description : undefined,
        command: ["mise", "run", name],
      }));
    },
  },
  {
    files: ["justfile", "Justfile", ".justfile"],
    read: (_, text) =>
      namesAbove(text, /^@?([A-Za-z][\w-]*)(?:\s[^:]*)?:(?!=)/).map((one) => ({
        ...one,
        command: ["just", one.name],
      })),
  },
  {
    files: ["Taskfile.yml", "Taskfile.yaml", "taskfile.yml", "taskfile.yaml"],
    read: (_, text) =>
      namesAbove(text.slice(Math.max(0, text.search(/^tasks:/m))), /^ {2}(['"]?)([\w:-]+)\1:/, 2).map((
        one,
      ) => ({
        ...one,
        command: ["task", one.name],
      })),
  },
];

/** The tasks of other programs' files in a directory's project. */
export function foreignTasks(context: Context): ForeignTask[] {
  const { root } = openProject(context.cwd, context);
  const directories = [...new Set([context.cwd, root])];
  return directories.flatMap((directory) =>
    SOURCES.flatMap(({ files, read, runs = withIncluded }) => {
      const file = files.map((name) => join(directory, name)).find((path) => existsSync(path));
      if (file === undefined) return [];
      try {
        const text = readTextFile(file);
        const gated = () => ({ path: file, files: [file], parts: runs(file, text) });
        return read(file, text).map((task) => ({ ...task, file, gated }));
      } catch {
        // Another program's file is that program's to complain about.
        return [];
      }
    })
  );
}

/**
 * What another program's file of tasks can run.
 *
 * @returns undefined for a file that is none of these
 */
export function gatedFile(file: string): GatedParts | undefined {
  const source = SOURCES.find(({ files }) => files.includes(basename(file)));
  if (source === undefined) return undefined;
  return { path: file, files: [file], parts: (source.runs ?? withIncluded)(file, readTextFile(file)) };
}

function withIncluded(file: string, text: string): GatedParts["parts"] {
  const directory = dirname(file);
  const included = includedFiles(file, text).map((path) => relative(directory, path));
  return { tasks: linesOf(text), ...partsOfFiles(directory, included) };
}

/**
 * Runs the task of that name by its own program.
 *
 * @returns undefined where no file has it
 * @throws {UntrustedError} when the file is not trusted as it is now
 */
export async function runForeign(
  { words, rest, watched }: Pick<TaskRunOptions, "words" | "rest" | "watched">,
  context: Context,
): Promise<ExitCode | undefined> {
  const [name, ...more] = words;
  const task = foreignTasks(context).find((one) => one.name === name);
  if (task === undefined) return undefined;
  const [program = "", ...args] = task.command;
  const { trust } = openProject(context.cwd, context);
  const gated = task.gated();
  if (!trust.isTrusted(gated)) {
    throw new UntrustedError(gated, trust, {
      next:
        `Look at it, then run "haft trust ${basename(task.file)}" there; where no one can be asked, as in ` +
        `CI, set HAFT_TRUST=1. Without haft: ${task.command.join(" ")}`,
    });
  }
  const env = openProject(context.cwd, context).runEnvironment({ inherited: context.env });
  if (spawnSync(program, ["--version"], { env, stdio: "ignore" }).error !== undefined) {
    await context.stderr.write(`"${name}" is a task of "${task.file}", and ${program} is not installed\n`);
    return ExitCode.failed;
  }
  await context.stderr.write(`haft: "${name}" is a task of "${task.file}", run by ${program}\n`);
  // One that is watched is ended with all that it has started when it has to begin anew.
  const child = withUsersUmask(() =>
    spawn(program, [...args, ...more, ...rest], {
      cwd: join(task.file, ".."),
      env,
      stdio: watched ? ["ignore", "inherit", "inherit"] : "inherit",
      detached: watched,
    })
  );
  const { signal } = context;
  const stop = () => void (watched ? stopGroup(child) : undefined);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  return await new Promise<ExitCode>((resolve) => {
    child.once("error", () => resolve(ExitCode.failed));
    child.once("exit", (code) => resolve((code ?? ExitCode.failed) as ExitCode));
  }).finally(() => signal.removeEventListener("abort", stop));
}

const STOP_MS = 5_000;

/** Sends SIGTERM to the group that the child leads, and SIGKILL when that is not enough. */
function stopGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  const send = (name: NodeJS.Signals) => {
    try {
      process.kill(process.platform === "win32" ? pid : -pid, name);
    } catch {
      // It has ended.
    }
  };
  send("SIGTERM");
  setTimeout(() => send("SIGKILL"), STOP_MS).unref();
}

/** Names at the beginning of lines, with the comment line above each. */
function namesAbove(
  text: string,
  pattern: RegExp,
  group = 1,
): { name: string; description: string | undefined }[] {
  const lines = text.split("\n");
  return lines.flatMap((line, at) => {
    const name = pattern.exec(line)?.[group];
    if (name === undefined) return [];
    const comment = /^\s*#\s*(.+)$/.exec(lines[at - 1] ?? "")?.[1];
    const desc = /^\s+desc:\s*['"]?(.+?)['"]?\s*$/.exec(lines[at + 1] ?? "")?.[1];
    return [{ name, description: desc ?? comment }];
  });
}
