/** Shells that are not there: `shell = "zsch"`. */
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import process from "node:process";
import { isProgram } from "../base/is_program.ts";
import { runsOn } from "../tasks/prepare_task.ts";
import { readTasks } from "../tasks/task_schema.ts";
import type { Catalogue } from "../tools/catalogue/catalogue.ts";
import type { ManifestProblem } from "../tools/manifest/manifest_problem.ts";
import { didYouMean, nearestNames } from "../tools/versions/nearest.ts";

const SHELLS = ["sh", "bash", "dash", "zsh", "ksh", "fish", "nu", "pwsh", "powershell", "cmd.exe"];

/** @param lookedAt gets the programs that were found */
export function shellProblems(
  document: unknown,
  sections: Record<"tools" | "tasks", Readonly<Record<string, unknown>>>,
  { catalogue, file, lookedAt }: { catalogue: Catalogue; file: string; lookedAt: string[] },
): ManifestProblem[] {
  const isTools = (program: string) => {
    const tool = catalogue.toolOfExecutable(program);
    return program in sections.tools || (tool !== undefined && tool in sections.tools);
  };
  const tasks = [...readTasks(sections.tasks).tasks]
    .filter(([, { platforms }]) => platforms === undefined || runsOn(platforms, process.platform))
    .map(([name, { shell }]) => ({ keys: ["tasks", name, "shell"], program: shell?.[0] }));
  return [...tasks, { keys: ["settings", "shell"], program: settingsShell(document) }]
    .flatMap(({ keys, program }) => {
      if (program === undefined || isTools(program)) return [];
      const found = programFile(program, dirname(file));
      if (found !== undefined) {
        lookedAt.push(found);
        return [];
      }
      const next = didYouMean(nearestNames(program, SHELLS));
      return [{
        keys,
        message: `key "${keys.join(".")}" names no program on PATH: "${program}"`,
        ...(next === undefined ? {} : { next }),
      }];
    });
}

function settingsShell(document: unknown): string | undefined {
  const settings: unknown = typeof document === "object" && document !== null && "settings" in document
    ? document.settings
    : undefined;
  if (typeof settings !== "object" || settings === null || !("shell" in settings)) return undefined;
  const { shell } = settings;
  const program: unknown = Array.isArray(shell) ? shell[0] : shell;
  return typeof program === "string" ? program : undefined;
}

function programFile(program: string, root: string): string | undefined {
  if (/[\\/]/.test(program)) return [resolve(root, program)].find(isProgram);
  const endings = process.platform === "win32" ? ["", ".exe", ".com"] : [""];
  return (process.env["PATH"] ?? "").split(delimiter).filter((one) => isAbsolute(one))
    .flatMap((directory) => endings.map((ending) => join(directory, program + ending)))
    .find(isProgram);
}
