/** The environment as a plain map, so that a test can hand in its own. */
export type Env = Readonly<Record<string, string | undefined>>;

/** The variable's value; unset and empty are the same, as the XDG specification asks. */
export function envValue(env: Env, name: string): string | undefined {
  const value = env[name];
  return value === undefined || value === "" ? undefined : value;
}
