import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What a command reads in HAFT_TASK_INPUT when its task has no input. */
export const NO_INPUT: Readonly<Record<string, unknown>> = {
  text: null,
  images: [],
  configuration: {},
  attempt: 1,
  resume: false,
  history: [],
};

/** The input file of all commands without input; it is made when it is missing. */
export function noInputFile(inputDirectory: string): string {
  const path = join(inputDirectory, "none.json");
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, JSON.stringify(NO_INPUT), { mode: 0o400 });
  }
  return path;
}
