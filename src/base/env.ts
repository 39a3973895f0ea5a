/** The environment as a plain map, so that a test can hand in its own. */
export type Env = Readonly<Record<string, string | undefined>>;

/** The variable's value; unset and empty are the same, as the XDG specification asks. */
export function envValue(env: Env, name: string): string | undefined {
  const value = env[name];
  return value === undefined || value === "" ? undefined : value;
}

/**
 * An environment as haft reads it. To Windows `Path` and `PATH` are one variable, and usually it is spelled
 * `Path`; a copy of the environment would have both.
 */
export function plainEnvironment(env: Env, platform: string): Env {
  if (platform !== "win32") return env;
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name.toUpperCase() === "PATH" ? "PATH" : name, value]),
  );
}
