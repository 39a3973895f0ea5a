/** How the last command of a text for a POSIX shell ends: whether more words may follow it. */

const VALUE = String
  .raw`(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|\$\((?:[^()]|\([^()]*\))*\)|${"`[^`]*`"}|[^\s"'\\${"`"};&|<>()])`;
const REDIRECTION = new RegExp(String.raw`(?:^|\s*)(?:\d*(?:>>|>\||<>|[<>])&?|&>>?)\s*${VALUE}+\s*$`, "s");
const ASSIGNMENTS = new RegExp(String.raw`^(?:[A-Za-z_]\w*\+?=${VALUE}*(?:\s+|$))+$`, "s");
const RESERVED = /^(?:(?:!|if|then|elif|else|while|until|do|time)\s+)+/;

/**
 * @param command the last command of the text; empty after a separator
 * @param afterCompound what follows the last `( … )` or `{ … }` in it; undefined without one
 */
export function takesWords(command: string, afterCompound: string | undefined): boolean {
  if (afterCompound !== undefined && withoutRedirections(afterCompound) === "") return false;
  const last = withoutRedirections(command).replace(RESERVED, "");
  if (last === "" || /^(?:fi|done|esac|\})$/.test(last)) return false;
  if (/^\[\[?\s/.test(last) && /\s\]\]?$/.test(last)) return false;
  return !ASSIGNMENTS.test(last);
}

function withoutRedirections(text: string): string {
  const shorter = text.replace(REDIRECTION, "");
  return shorter === text ? text.trim() : withoutRedirections(shorter);
}
