/**
 * Fills in variables as a POSIX shell does: `$NAME`, `${NAME}`, and with `-`, `+` or `?` after the name what
 * stands for one that is missing, is there, or has to be there; with a colon an empty one counts as missing.
 * What these words say is filled in as well. `$$` is a dollar, and what is no variable stays as it is.
 */
import { HaftError } from "../../base/errors.ts";

const START = /\$(?:(\$)|([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(:?[-+?])?)/g;

type LookUp = (name: string) => string | undefined;

/** @throws {HaftError} when a `${NAME:?why}` is missing */
export function expandVariables(text: string, lookUp: LookUp): string {
  return fillIn(text, { lookUp, plain: (name) => lookUp(name) ?? "" });
}

interface Values {
  lookUp: LookUp;
  /** The value where nothing is said of one that is missing. */
  plain: (name: string) => string;
}

function fillIn(text: string, values: Values): string {
  let result = "";
  let at = 0;
  for (const match of text.matchAll(START)) {
    if (match.index < at) continue;
    const [whole, dollar, bare, braced, operator] = match;
    const after = match.index + whole.length;
    let value: string | undefined;
    let end = after;
    if (dollar !== undefined) value = "$";
    else if (bare !== undefined) value = values.plain(bare);
    else {
      const close = operator === undefined ? (text[after] === "}" ? after : -1) : closingBrace(text, after);
      if (close === -1) continue;
      value = braceValue({ name: braced ?? "", operator, word: text.slice(after, close) }, values);
      end = close + 1;
    }
    result += text.slice(at, match.index) + value;
    at = end;
  }
  return result + text.slice(at);
}

/**
 * A path with its variables, and with `~` for the home.
 *
 * @throws {HaftError} when a variable is missing: `$LOGS/web.log` must not become `/web.log`
 */
export function expandPath(text: string, lookUp: LookUp): string {
  const plain = (name: string) => lookUp(name) ?? missing(name);
  return fillIn(text, { lookUp, plain }).replace(/^~(?=\/|$)/, () => lookUp("HOME") ?? "~");
}

/** Whether there is something to fill in; `$$` is not. */
export function hasVariable(text: string): boolean {
  return [...text.matchAll(START)].some(([, dollar]) => dollar === undefined);
}

/** What a text is with no variable set; undefined when one of them has no `-` and so no usual value. */
export function usualText(text: string): string | undefined {
  const isUsual = [...text.matchAll(START)].every(([, dollar, , , operator]) =>
    dollar !== undefined || operator?.endsWith("-") === true
  );
  return isUsual ? expandVariables(text, () => undefined) : undefined;
}

function braceValue(
  { name, operator, word }: { name: string; operator: string | undefined; word: string },
  values: Values,
): string {
  const value = values.lookUp(name);
  const isMissing = value === undefined || (operator?.startsWith(":") === true && value === "");
  switch (operator?.at(-1)) {
    case "+":
      return isMissing ? "" : fillIn(word, values);
    case "-":
      return isMissing ? fillIn(word, values) : value;
    case "?":
      if (!isMissing) return value;
      return missing(name, word);
    default:
      return values.plain(name);
  }
}

function missing(name: string, why = ""): never {
  throw new HaftError(`Variable "${name}" is not set${why === "" ? "" : `: ${why}`}`, {
    next: "Set it in env, env_file or [env], or in the shell that starts the app",
  });
}

/** The brace that ends what began before `from`; those of variables inside come in pairs. */
function closingBrace(text: string, from: number): number {
  let open = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "$" && text[at + 1] === "$") at++;
    else if (text[at] === "$" && text[at + 1] === "{") {
      open++;
      at++;
    } else if (text[at] === "}" && --open === 0) return at;
  }
  return -1;
}
