/** Variables that the source fills in itself, where haft does so too and where it does not. */
import { hasVariable, usualText } from "../config/expand_variables.ts";
import { asText, asTexts, expandedWord, Mismatch, splitWords } from "./values.ts";

/** Words as a list, or as a text for a shell where there are variables to fill in. */
export function commandOf(parts: readonly unknown[]): string | string[] {
  const given = parts.filter((part) =>
    part !== undefined && part !== null && (!Array.isArray(part) || part.length > 0)
  );
  const hasAny = given.some((part) => asTexts(part).some(hasVariable));
  if (hasAny) {
    return given.map((part) => Array.isArray(part) ? shellWords(asTexts(part)) : shellText(part)).join(" ");
  }
  return given.flatMap((part) => Array.isArray(part) ? asTexts(part) : splitWords(asText(part))).map(
    plainDollars,
  );
}

/** `$$` as the dollar that it is. */
export function plainDollars(text: string): string {
  return text.replaceAll("$$", "$");
}

/**
 * A value where haft fills in nothing: with what its variables usually are.
 *
 * @param onUsual is handed what was taken for what
 * @throws {Mismatch} when a variable has no usual value
 */
export function withoutVariables(value: unknown, onUsual: (text: string, usual: string) => void): unknown {
  if (Array.isArray(value)) return value.map((one) => withoutVariables(one, onUsual));
  if (typeof value !== "string") return value;
  if (!hasVariable(value)) return plainDollars(value);
  const usual = usualText(value);
  if (usual === undefined) {
    throw new Mismatch(`"${value}" has a variable, and haft fills in none here: write its value`);
  }
  onUsual(value, usual);
  return usual;
}

function shellWords(words: readonly string[]): string {
  return words.map((word) => expandedWord(word).replaceAll("$$", "\\$")).join(" ");
}

/**
 * The source fills in variables, then splits the text, which is what a shell does outside of single quotes;
 * a text with those, or with what only a shell takes for more than a letter, is split first.
 */
function shellText(value: unknown): string {
  const text = asText(value);
  const variables: string[] = [];
  const rest = text.replace(VARIABLE, (variable) => `\0${variables.push(variable) - 1}\0`);
  if (/^[^;&|<>()*?[\]#~!`'\n]*$/.test(rest)) return text.trim().replaceAll("$$", "\\$");
  const restored = (word: string) =>
    word.replace(/\0(\d+)\0/g, (_, at: string) => variables[Number(at)] ?? "");
  return shellWords(splitWords(rest).map(restored));
}

/** One that has words of its own, which may have blanks. */
const VARIABLE = /\$\$|\$\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}/g;
