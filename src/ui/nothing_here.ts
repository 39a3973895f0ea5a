const NEXT = {
  tools: 'Run "haft use TOOL" to add one',
  apps: "Declare one under [apps] in haft.toml",
  tasks: "Declare one under [tasks] in haft.toml",
};

/** What every command says of a project that has none of them: the fact, and the next step. */
export function nothingHere(what: keyof typeof NEXT): { message: string; next: string } {
  return { message: `This project has no ${what}`, next: NEXT[what] };
}

/** The same as lines of text. @param next instead of the usual next step */
export function nothingHereText(what: keyof typeof NEXT, next: string = NEXT[what]): string {
  return `${nothingHere(what).message}\n  ${next}\n`;
}
