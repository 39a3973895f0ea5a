import { shellQuote } from "../base/shell_quote.ts";

/** The shells whose syntax haft writes. */
export const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;

export type Shell = typeof SHELLS[number];

export function isShell(name: string): name is Shell {
  return (SHELLS as readonly string[]).includes(name);
}

/** Lines that set and unset variables when the shell evaluates them. Values may hold anything but NUL. */
export function shellLines(
  shell: Shell,
  { set, unset }: { set: Readonly<Record<string, string>>; unset: readonly string[] },
): string {
  const lines = [
    ...Object.entries(set).map(([name, value]) => setLine(shell, name, value)),
    ...unset.map((name) => unsetLine(shell, name)),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function setLine(shell: Shell, name: string, value: string): string {
  switch (shell) {
    case "bash":
    case "zsh":
      return `export ${name}=${shellQuote(value)}`;
    case "fish":
      return name === "PATH"
        // fish keeps PATH as a list.
        ? `set -gx PATH ${value.split(":").map(fishQuoted).join(" ")}`
        : `set -gx ${name} ${fishQuoted(value)}`;
    case "powershell":
      return `$env:${name} = '${value.replaceAll("'", "''")}'`;
  }
}

function unsetLine(shell: Shell, name: string): string {
  switch (shell) {
    case "bash":
    case "zsh":
      return `unset ${name}`;
    case "fish":
      return `set -e ${name}`;
    case "powershell":
      return `Remove-Item Env:${name} -ErrorAction SilentlyContinue`;
  }
}

/** In fish, a backslash before a quote or a backslash is an escape within single quotes, too. */
export function fishQuoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
