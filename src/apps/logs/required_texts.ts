/** After these letters a backslash's meaning goes on, or is no text. */
const NO_TEXT = new Set("dDwWsSbBnrfv");

/** Flags for what follows, such as `(?i)`. */
const FLAGS = /\(\?[A-Za-z-]+\)/;

/**
 * Texts of which each match of a regular expression has at least one, so that bytes without any of them need
 * not be read as lines. Undefined where the expression has none, or is none of the plain ones.
 *
 * @param source without flags
 */
export function requiredTexts(source: string): string[] | undefined {
  if (FLAGS.test(source)) return undefined;
  const texts: string[] = [];
  let longest = "";
  let run = "";
  const endRun = () => {
    if (run.length > longest.length && run.isWellFormed()) longest = run;
    run = "";
  };
  for (let at = 0; at < source.length; at++) {
    const char = source.charAt(at);
    if (char === "|") {
      endRun();
      if (longest === "") return undefined;
      texts.push(longest);
      longest = "";
    } else if (char === "\\") {
      const escaped = source.charAt(++at);
      if (escaped === "t") run += "\t";
      else if (NO_TEXT.has(escaped)) endRun();
      else if (/^[^A-Za-z0-9]$/.test(escaped)) run += escaped;
      else return undefined;
    } else if (char === "(" || char === "[") {
      endRun();
      at = closingOf(source, at);
    } else if (char === "." || char === "^" || char === "$") {
      endRun();
    } else if (char === "+") {
      endRun();
    } else if (char === "*" || char === "?" || char === "{") {
      // What it stands behind need not be there.
      run = run.slice(0, -1);
      endRun();
      if (char === "{") {
        const [repeat] = /^\{\d+(?:,\d*)?\}/.exec(source.slice(at)) ?? [];
        // It is text, then.
        if (repeat === undefined) return undefined;
        at += repeat.length - 1;
      }
    } else {
      run += char;
    }
  }
  endRun();
  return longest === "" ? undefined : [...texts, longest];
}

/** Where the group or class ends that begins at `at`. */
function closingOf(source: string, at: number): number {
  let depth = 0;
  let inClass = false;
  for (; at < source.length; at++) {
    const char = source.charAt(at);
    if (char === "\\") at++;
    else if (inClass) inClass = char !== "]";
    else if (char === "[") inClass = true;
    else if (char === "(") depth++;
    else if (char === ")") depth--;
    if (depth === 0 && !inClass) return at;
  }
  return at;
}
