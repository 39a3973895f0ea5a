import { errorMessage, UsageError } from "./errors.ts";

/** A regular expression that a user wrote, and whose time is bounded: it grows as the text does. */
export interface Pattern {
  readonly source: string;
  test(text: string): boolean;
}

export interface CompiledPattern extends Pattern {
  /**
   * What those of its named groups have that take part in the first match; undefined where nothing matches.
   */
  groups(text: string): Record<string, string> | undefined;
}

/** Look-around and back references, which no engine can bound the time of. */
const UNBOUNDED = /^(?:[^\\[]|\\[^1-9k]|\[(?:[^\]\\]|\\.)*\])*?(?:\(\?<?[=!]|\\[1-9k])/s;

/** Escaped characters and classes, in which a brace is one. */
const LITERALS = /\\.|\[\^?\]?(?:[^\]\\]|\\.)*\]/gs;

/** What the engine alone knows: flags, (?i) or (?i-s:…), and (?P<name>…). What is literal is passed over. */
const ENGINES_GROUPS = /(\\.|\[\^?\]?(?:[^\]\\]|\\.)*\])|\(\?P<|\(\?[imsU]*(?:-[imsU]+)?(?:\)|(:))/gs;

/** The engine goes through a text once, with a step for each part of the expression at each character. */
const MOST_PARTS = 1_000;
const LARGE =
  `it is too large: at most ${MOST_PARTS} characters, and as many after each {n,m} is written out`;

/**
 * Whether a text is such an expression, as far as can be told without the engine, which is large.
 *
 * @returns what is wrong, or undefined
 */
export function patternProblem(source: string): string | undefined {
  if (source.length > MOST_PARTS) return LARGE;
  const repeats = source.replace(LITERALS, "").matchAll(/\{(\d+)(?:,(\d*))?\}/g);
  const repeated = repeats.reduce((sum, [, from, to]) => sum + Number(to || from), 0);
  if (repeated > MOST_PARTS) return LARGE;
  if (source.includes("[\\b]")) return "it has [\\b]; write \\x08";
  if (UNBOUNDED.test(source)) return "it has a look-around or a back reference, which haft does not take";
  try {
    new RegExp(
      source.replace(
        ENGINES_GROUPS,
        (text, literal, colon) => literal ?? (text === "(?P<" ? "(?<" : colon === undefined ? "" : "(?:"),
      ),
    );
    return undefined;
  } catch (error) {
    return errorMessage(error);
  }
}

/**
 * The engine is RE2's, which goes through a text once: the runtime's own takes minutes for one line of a log
 * with some expressions, and nothing else is done meanwhile.
 *
 * @throws {UsageError} when it is no expression
 */
export async function compilePattern(source: string): Promise<CompiledPattern> {
  const problem = patternProblem(source);
  if (problem !== undefined) throw noPattern(source, problem);
  const { RE2JS } = await import("re2js");
  try {
    const compiled = RE2JS.compile(RE2JS.translateRegExp(source));
    if (compiled.programSize() > MOST_PARTS) throw new RangeError(LARGE);
    return {
      source,
      test: (text) => compiled.test(text),
      groups(text) {
        const matcher = compiled.matcher(text);
        if (!matcher.find()) return undefined;
        const groups = Object.entries(matcher.getNamedGroups());
        return Object.fromEntries(groups.flatMap(([name, text]) => text === null ? [] : [[name, text]]));
      },
    };
  } catch (error) {
    throw noPattern(source, errorMessage(error));
  }
}

function noPattern(source: string, problem: string): UsageError {
  return new UsageError(`"${source}" is no regular expression: ${problem}`);
}
