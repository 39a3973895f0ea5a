export interface QuickFix {
  title: string;
  /** Columns of what is replaced. */
  start: number;
  end: number;
  text: string;
}

/**
 * What puts right a line of which `haft check` asks "Did you mean …?": one for each word that it offers.
 *
 * @param key of the problem, `apps.web.restrt`
 */
export function quickFixesOf(message: string, key: string, line: string): QuickFix[] {
  const [said = "", offered] = message.split("\nDid you mean ");
  if (offered === undefined) return [];
  const wrong = wrongWord(said, key, line);
  if (wrong === undefined) return [];
  return quotedWords(offered).map((text) => ({ title: `Change to "${text}"`, ...wrong, text }));
}

/** A value that the message quotes as the line does, else the last part of the key. */
function wrongWord(said: string, key: string, line: string): { start: number; end: number } | undefined {
  const value = quotedWords(said).findLast((word) => word !== key && line.includes(JSON.stringify(word)));
  if (value !== undefined) {
    const start = line.lastIndexOf(JSON.stringify(value)) + 1;
    return { start, end: start + value.length };
  }
  const name = key.split(".").at(-1);
  const found = [...line.matchAll(/[\w-]+/g)].find(([word]) => word === name);
  return found === undefined ? undefined : { start: found.index, end: found.index + found[0].length };
}

function quotedWords(text: string): string[] {
  return [...text.matchAll(/"([^"]+)"/g)].map(([, word = ""]) => word);
}
