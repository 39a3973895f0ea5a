import { join } from "node:path";
import { writeAtomic } from "../base/write_atomic.ts";
import { readOrSetAside } from "../base/set_aside.ts";
import { makePrivateDirectory } from "../base/private_directory.ts";

/** What a command reads in HAFT_TASK_INPUT when its task has no input. */
export const NO_INPUT: Readonly<Record<string, unknown>> = {
  text: null,
  images: [],
  configuration: {},
  attempt: 1,
  resume: false,
  history: [],
};

const TEXT = JSON.stringify(NO_INPUT);

/** The input file of all commands without input; it is made when it is missing or damaged. */
export function noInputFile(inputDirectory: string): string {
  const path = join(inputDirectory, "none.json");
  makePrivateDirectory(inputDirectory);
  const known = readOrSetAside(path, (text) => {
    if (text !== TEXT) throw new RangeError("it is something else");
    return text;
  });
  if (known === undefined) writeAtomic(path, TEXT, { mode: 0o400, durable: false });
  return path;
}
