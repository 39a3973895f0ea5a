import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as v from "valibot";
import { HaftError } from "../../base/errors.ts";
import { wheelsOf } from "../registry/python_index.ts";
import { isPythonWheel, parseWheelName } from "../sources/wheel.ts";
import { versionMap } from "../versions/loose_version.ts";
import { isStableVersion, sortVersions } from "../versions/pick_version.ts";
import { comparePythons, numbers, pythonSatisfies } from "../versions/python_requirement.ts";
import type { InstallDeps } from "./install_deps.ts";

/** Every Python that uv finds, in the order of PATH. */
const Pythons = v.array(v.object({ version: v.string(), path: v.string() }));
type Pythons = v.InferOutput<typeof Pythons>;

/** How long uv may look at the Pythons of a machine. */
const LIST_TIMEOUT_MS = 60_000;

export interface PythonSearch {
  tool: string;
  /** The application's project in the index, and its version as the index spells it. */
  name: string;
  version: string;
  uv: { file: string; env: Record<string, string>; cwd: string };
}

/**
 * The Python for an application: the first on PATH, unless the application asks for another; then the newest
 * that fits.
 *
 * @throws {HaftError} when none fits, with the newest version of the application that fits one of those there
 */
export async function fittingPython(
  { tool, name, version, uv }: PythonSearch,
  deps: InstallDeps,
): Promise<string | undefined> {
  const wheels = (await wheelsOf(name, deps) ?? []).flatMap((file) => {
    const wheel = parseWheelName(file.filename);
    return wheel === undefined || file.yanked || !isPythonWheel(wheel) ? [] : [{ ...file, wheel }];
  });
  const required = wheels.find(({ wheel }) => wheel.version === version)?.requires;
  if (required === undefined) return undefined;
  const pythons = await pythonsHere(uv, deps.signal);
  const [first] = pythons;
  // Without any, uv says it better.
  if (first === undefined || pythonSatisfies(required, first.version)) return first?.path;
  const newestFirst = pythons.toSorted((a, b) => comparePythons(numbers(b.version), numbers(a.version)));
  const fitting = newestFirst.find((python) => pythonSatisfies(required, python.version));
  if (fitting !== undefined) return fitting.path;
  const newest = newestFirst[0] ?? first;
  const older = versionMap(
    wheels.filter(({ requires = "" }) => pythonSatisfies(requires, newest.version))
      .map(({ wheel }) => wheel.version),
  );
  const choice = sortVersions([...older.keys()]).findLast(isStableVersion);
  const [major, minor] = numbers(newest.version);
  const here = [...new Set(newestFirst.map((python) => python.version))].join(", ");
  throw new HaftError(`${name} ${version} needs Python ${required}, and the Pythons here are ${here}`, {
    next: choice === undefined
      ? "Put a Python that fits on your PATH"
      : `Put a Python that fits on your PATH, or take the newest for Python ${major}.${minor}: ` +
        `"haft use ${tool}@${choice}"`,
  });
}

async function pythonsHere({ file, env, cwd }: PythonSearch["uv"], signal: AbortSignal): Promise<Pythons> {
  const args = ["python", "list", "--only-installed", "--offline", "--output-format", "json"];
  const options = { env, cwd, signal, timeout: LIST_TIMEOUT_MS, maxBuffer: 16 * 1024 * 1024 };
  const { stdout } = await promisify(execFile)(file, args, options);
  return v.parse(Pythons, JSON.parse(stdout));
}
