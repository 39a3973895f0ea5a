import { split } from "shlex";

/**
 * Splits a text into words as a POSIX shell does, quotes and backslashes included, and expands nothing. For
 * wires whose commands are words in one text.
 *
 * @returns undefined when a quote is open, or there is no word
 */
export function splitWords(text: string): string[] | undefined {
  try {
    const words = split(text);
    return (words[0] ?? "") === "" ? undefined : words;
  } catch {
    return undefined;
  }
}
