/** Whose haft it is: where the user's own files are, what is installed, what is trusted, and the settings. */
export interface Place {
  home: string;
  store: string;
  state: string;
  config: string;
}

/**
 * One text for a place. What is remembered holds for one place alone: several may share a cache directory,
 * and decide differently about the same project.
 */
export function placeKey({ home, store, state, config }: Place): string {
  return [home, store, state, config].join("\0");
}
