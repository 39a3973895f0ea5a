/** The task of that name or alias. */
export function taskNamed<Config extends { readonly aliases: readonly string[] }>(
  tasks: ReadonlyMap<string, Config>,
  word: string,
): { name: string; config: Config } | undefined {
  const config = tasks.get(word);
  if (config !== undefined) return { name: word, config };
  for (const [name, one] of tasks) {
    if (one.aliases.includes(word)) return { name, config: one };
  }
  return undefined;
}
