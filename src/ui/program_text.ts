// deno-lint-ignore-file no-control-regex
import { sealed, SEQUENCE } from "./terminal_text.ts";

/** The beginning of a sequence at the end of a text. */
const BEGUN =
  /(?:(?:\u001b\[|\u009b)[0-?]*[ -/]*|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u0090\u0098\u009c-\u009f]*\u001b?|\u001b[ -/]*|\r)$/;

/** What may be held back of a sequence whose end has not come. */
const LONGEST_SEQUENCE = 8_192;

/**
 * A program's output on its way to a terminal, in pieces that may end anywhere: its colours stay where
 * colours are wanted, and all other sequences go. A colour that is left on ends with its line, and is taken
 * up on the next one, so that it never paints what haft writes in between.
 */
export class ProgramText {
  readonly #color: boolean;
  #held = "";
  /** The colours that are on, sealed. */
  #active = "";
  #lineBegun = false;

  constructor({ color }: { color: boolean }) {
    this.#color = color;
  }

  /** @returns text for `Output.write` */
  push(text: string): string {
    const all = this.#held + text;
    const begun = BEGUN.exec(all);
    const keep = begun !== null && begun[0].length <= LONGEST_SEQUENCE ? begun[0] : "";
    this.#held = keep;
    return this.#filter(all.slice(0, all.length - keep.length));
  }

  /** The rest, with colours switched off. */
  end(): string {
    const rest = this.#filter(this.#held);
    this.#held = "";
    return rest + this.#pause();
  }

  #filter(text: string): string {
    let shown = "";
    let from = 0;
    for (const { 0: sequence, index } of text.matchAll(SEQUENCE)) {
      shown += this.#plain(text.slice(from, index)) + this.#colour(sequence);
      from = index + sequence.length;
    }
    return shown + this.#plain(text.slice(from));
  }

  /** A carriage return alone would let a program write over what is on the line: it begins a new one. */
  #plain(text: string): string {
    const parts = text.replace(/\u0007/g, "").split(/\r\n|\n|\r/);
    return parts.map((part, place) => {
      const before = part !== "" && !this.#lineBegun && this.#active !== "" ? this.#active : "";
      if (part !== "") this.#lineBegun = true;
      const last = place === parts.length - 1;
      return before + part + (last ? "" : `${this.#pause()}\n`);
    }).join("");
  }

  /** Switches colours off until the next line begins. */
  #pause(): string {
    const off = this.#lineBegun && this.#active !== "" ? sealed("0") : "";
    this.#lineBegun = false;
    return off;
  }

  #colour(sequence: string): string {
    const parameters = /^(?:\u001b\[|\u009b)([0-9;:]*)m$/.exec(sequence)?.[1];
    if (parameters === undefined || !this.#color) return "";
    const colour = sealed(parameters === "" ? "0" : parameters);
    const began = !this.#lineBegun ? this.#active : "";
    this.#active = /^0*$/.test(parameters) ? "" : this.#active.length > 400 ? colour : this.#active + colour;
    this.#lineBegun = true;
    return began + colour;
  }
}
