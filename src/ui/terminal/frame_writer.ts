import { textColumns } from "../../runtime/text_columns.ts";

const BEGIN = "\u001b[?2026h";
const END = "\u001b[?2026l";

// deno-lint-ignore no-control-regex -- colours are among it
const ASCII = /^[\u001b -~]*$/;

/**
 * Knows what a screen shows, and writes only the lines that change. The terminal shows them all at once where
 * it knows synchronised output.
 */
export class FrameWriter {
  #shown: string[] | undefined;

  /**
   * @param lines of at most so many columns, without anything that acts on a terminal besides colours
   * @returns what to write; empty when the screen is as it should be
   */
  frame(lines: readonly string[], columns: number): string {
    const before = this.#shown;
    this.#shown = [...lines];
    let out = before === undefined ? "\u001b[m\u001b[H\u001b[J" : "";
    lines.forEach((line, row) => {
      if (before === undefined ? line !== "" : line !== before[row]) out += placed(line, row, columns);
    });
    for (let row = lines.length; row < (before?.length ?? 0); row++) out += placed("", row, columns);
    return out === "" ? "" : BEGIN + out + END;
  }

  /** Nothing is known of the screen any more: the next frame draws all. */
  forget(): void {
    this.#shown = undefined;
  }
}

function placed(line: string, row: number, columns: number): string {
  const start = `\u001b[${row + 1};1H\u001b[m`;
  // Terminals disagree about the width of some characters, so the rest of such a line is not known.
  if (!ASCII.test(line)) return `${start}\u001b[K${line}\u001b[m`;
  // Erasing after the last column would take the character in it away.
  return `${start}${line}\u001b[m${textColumns(line) < columns ? "\u001b[K" : ""}`;
}
