// deno-lint-ignore-file no-control-regex
/** What a person does at a terminal. Rows and columns count from 0. */
export type Input =
  /** `up`, `pageup`, `enter`, `escape`, `ctrl+c`, or the text that the key types. */
  | { type: "key"; key: string }
  | { type: "wheel"; by: -1 | 1; column: number; row: number }
  | { type: "click"; column: number; row: number };

/** Final letters of CSI and SS3 sequences. */
const LETTERS: Readonly<Record<string, string>> = {
  A: "up",
  B: "down",
  C: "right",
  D: "left",
  F: "end",
  H: "home",
  M: "enter",
  Z: "shift+tab",
};

/** The first parameters of CSI sequences that end in `~`. */
const NUMBERS: Readonly<Record<string, string>> = {
  1: "home",
  2: "insert",
  3: "delete",
  4: "end",
  5: "pageup",
  6: "pagedown",
  7: "home",
  8: "end",
};

const CONTROLS: Readonly<Record<string, string>> = {
  "\r": "enter",
  "\n": "enter",
  "\t": "tab",
  "\b": "backspace",
  "\x7f": "backspace",
};

/** One key: a whole sequence, or one character of text. */
const KEY = /\x1b\[([0-9;<=>?]*)[ -/]*([@-~])|\x1bO([@-~])|([^\x1b])/uy;

/** A sequence whose end has not come. */
const BEGUN = /^\x1b(?:\[[0-9;<=>?]*[ -/]*|O)?$/;

/**
 * Reads keys, the wheel and clicks from what a terminal in raw mode sends, in pieces that may end anywhere.
 */
export class KeyReader {
  #held = "";

  /** Whether the text so far may go on: then it is a key of its own when nothing follows soon. */
  get isWaiting(): boolean {
    return this.#held !== "";
  }

  push(text: string): Input[] {
    const all = this.#held + text;
    this.#held = "";
    const inputs: Input[] = [];
    for (let at = 0; at < all.length;) {
      KEY.lastIndex = at;
      const match = KEY.exec(all);
      if (match === null) {
        const rest = all.slice(at);
        if (BEGUN.test(rest)) {
          this.#held = rest;
          break;
        }
        // Escape, and then another key, which may come in one piece with it.
        inputs.push({ type: "key", key: "escape" });
        at++;
        continue;
      }
      const input = meaning(match);
      if (input !== undefined) inputs.push(input);
      at = KEY.lastIndex;
    }
    return inputs;
  }

  /** Nothing followed: Escape alone. */
  flush(): Input[] {
    const held = this.#held;
    this.#held = "";
    return held === "" ? [] : [{ type: "key", key: "escape" }];
  }
}

function meaning([, parameters = "", final, single, text]: RegExpExecArray): Input | undefined {
  const key = (name: string | undefined): Input | undefined =>
    name === undefined ? undefined : { type: "key", key: name };
  if (parameters.startsWith("<")) return mouse(parameters, final);
  if (final === "~") return key(NUMBERS[parameters.split(";")[0] ?? ""]);
  if (final !== undefined) return key(LETTERS[final]);
  if (single !== undefined) return key(LETTERS[single]);
  return text === undefined ? undefined : key(CONTROLS[text] ?? controlName(text) ?? text);
}

function controlName(text: string): string | undefined {
  const code = text.charCodeAt(0);
  return code < 32 ? `ctrl+${String.fromCharCode(code + 96)}` : undefined;
}

/** As SGR mode has it: `<BUTTON;COLUMN;ROW`, with `M` for a press. */
function mouse(parameters: string, final: string | undefined): Input | undefined {
  const [button = 0, column = 0, row = 0] = parameters.slice(1).split(";").map(Number);
  if (final !== "M" || !(column >= 1 && row >= 1)) return undefined;
  const place = { column: column - 1, row: row - 1 };
  // Shift, Alt and Control are bits of their own.
  switch (button & ~(4 | 8 | 16)) {
    case 0:
      return { type: "click", ...place };
    case 64:
      return { type: "wheel", by: -1, ...place };
    case 65:
      return { type: "wheel", by: 1, ...place };
    default:
      return undefined;
  }
}
