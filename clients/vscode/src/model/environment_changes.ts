import type { Environment } from "./project.ts";

/** One variable of a terminal. PATH is only ever added to: it is never written whole. */
export type EnvironmentChange = { variable: string; kind: "prepend"; value: string } | {
  variable: string;
  kind: "replace";
  value: string;
};

export interface EnvironmentContext {
  /** `path.delimiter` of the machine of the terminals. */
  delimiter: string;
  /** What a terminal has anyway. */
  inherited: Readonly<Record<string, string | undefined>>;
}

/**
 * What a project's environment changes, each variable once. A variable that the project takes away becomes
 * empty, because a terminal's collection cannot take one away.
 */
export function environmentChanges(
  { path, defaults, env }: Environment,
  { delimiter, inherited }: EnvironmentContext,
): EnvironmentChange[] {
  const changes = new Map<string, EnvironmentChange>();
  const directories = [...new Set(path)];
  if (directories.length > 0) {
    const value = directories.map((directory) => directory + delimiter).join("");
    changes.set("PATH", { variable: "PATH", kind: "prepend", value });
  }
  for (const [variable, value] of Object.entries(defaults)) {
    if (inherited[variable] === undefined) {
      changes.set(variable, { variable, kind: "replace", value });
    }
  }
  for (const [variable, value] of Object.entries(env)) {
    // A project's own PATH is an addition, too: what the terminal has stays behind it.
    if (variable.toUpperCase() === "PATH") continue;
    changes.set(variable, { variable, kind: "replace", value: value ?? "" });
  }
  return [...changes.values()];
}

/** Directories in front of the PATH that there was at first: setting it again never makes it longer. */
export function pathWith(directories: readonly string[], original: string, delimiter: string): string {
  const own = new Set(directories);
  const rest = original.split(delimiter).filter((directory) => !own.has(directory));
  return [...own, ...rest].join(delimiter);
}
