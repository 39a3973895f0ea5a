// deno-lint-ignore-file no-control-regex
/**
 * What haft shows may hold text from anywhere: names and values of a stranger's files, paths, messages of
 * other programs. All of it passes {@link terminalText} on its way out, which lets through line breaks, tabs
 * and haft's own colours, and shows every other character that acts on a terminal as JSON would write it:
 * `\u001b`.
 *
 * haft's own colours are sealed with a number that is drawn when the process starts. A file cannot know it,
 * so that no text of a file passes for a colour of haft's.
 */

let drawn: { seal: string; colours: RegExp } | undefined;

/**
 * Two numbers of four digits: what measures text counts the parameters of an escape sequence up to that
 * length. They are drawn for the first text that needs them; many commands have none.
 */
function own(): { seal: string; colours: RegExp } {
  if (drawn !== undefined) return drawn;
  const numbers = crypto.getRandomValues(new Uint16Array(2));
  const seal = [...numbers].map((number) => 1000 + number % 9000).join(";");
  return drawn = { seal, colours: new RegExp(`\u001b\\[${seal};([0-9;:]*)m`, "g") };
}

/**
 * Control and format characters (bidirectional ones among them), line and paragraph separators, and halves of
 * surrogate pairs; all but tab, line feed, and the two joiners that scripts and emoji need.
 */
const ACTIVE = /\r\n|(?![\t\n\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Most texts need no more than this look. */
const HARMLESS = /^[\t\n\u0020-\u007e\u00a1-\u00ac\u00ae-\u05ff\u2010-\u2027\u2030-\u205f\u2190-\ud7ff]*$/;

/** A colour or weight of haft's own. @param parameters those of SGR: `31`, `1` */
export function sealed(parameters: string): string {
  return `\u001b[${own().seal};${parameters}m`;
}

/** The text as it may reach a terminal or a pipe. @param color whether haft's own colours stay */
export function terminalText(text: string, { color }: { color: boolean }): string {
  if (HARMLESS.test(text)) return text;
  let shown = "";
  let from = 0;
  for (const { 0: sequence, 1: parameters = "", index } of text.matchAll(own().colours)) {
    shown += escapeActive(text.slice(from, index)) + (color ? `\u001b[${parameters}m` : "");
    from = index + sequence.length;
  }
  return shown + escapeActive(text.slice(from));
}

function escapeActive(text: string): string {
  return text.replace(ACTIVE, (character) => character === "\r\n" ? "\n" : escaped(character));
}

/** Each half of a pair apart, as in JSON. */
function escaped(character: string): string {
  let shown = "";
  for (let at = 0; at < character.length; at++) {
    shown += `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`;
  }
  return shown;
}

/** Sequences that a program writes for a terminal: colours, movements, titles, the clipboard. */
export const SEQUENCE =
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u0090\u0098\u009c-\u009f]*(?:\u0007|\u001b\\|\u009c)|\u001b[ -/]*[0-Z\\^-~]/g;

/** A text of another program on one line, without its sequences; for cells of a table or a board. */
export function plainText(text: string): string {
  return terminalText(text.replace(SEQUENCE, "").replace(/[\s\u2028\u2029]+/g, " ").trim(), { color: false });
}

/**
 * As {@link terminalText} for a cell of a table: line breaks and tabs are shown, too, and haft's colours stay
 * sealed.
 */
export function cellText(text: string): string {
  if (HARMLESS.test(text) && !/[\t\n]/.test(text)) return text;
  return text.split(own().colours).map((part, place) =>
    // Every second part is what the expression captured.
    place % 2 === 1 ? sealed(part) : escapeActive(part).replace(/[\t\n]/g, escaped)
  ).join("");
}
