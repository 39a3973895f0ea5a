import { emitKeypressEvents } from "node:readline";
import process from "node:process";
import { terminalRows } from "../base/terminal_size.ts";
import { textColumns } from "../runtime/text_columns.ts";
import { type Choice, type Picker, pickerLines, press, type PressedKey } from "./picker.ts";
import { terminalText } from "./terminal_text.ts";

/** The terminal that it is drawn on. */
export interface PickTerminal {
  /** Writes control sequences as they are. */
  draw(text: string): Promise<void>;
  /** Read anew for every frame. */
  readonly columns: number;
  readonly color: boolean;
}

/** Lets a person choose one at the terminal. @returns undefined when they leave by Esc or Ctrl-C */
export async function pick(
  question: string,
  choices: readonly Choice[],
  { terminal, signal }: { terminal: PickTerminal; signal: AbortSignal },
): Promise<string | undefined> {
  const { stdin } = process;
  const ended = Promise.withResolvers<string | undefined>();
  let picker: Picker = { question, choices, filter: "", selected: 0 };
  const draw = () => {
    const { columns, color } = terminal;
    const rows = terminalRows(process.stderr.rows);
    const lines = pickerLines(picker, { columns, rows, color });
    const text = terminalText(lines.join("\n"), { color }).replaceAll("\n", "\r\n");
    const up = lines.length > 1 ? `\u001b[${lines.length - 1}A` : "";
    // The cursor goes back to what is typed, and the next frame begins in that line.
    const right = textColumns(lines[0] ?? "");
    return terminal.draw(`\r\u001b[J${text}${up}\r${right > 0 ? `\u001b[${right}C` : ""}`);
  };
  const redraw = () => void draw().catch(ended.reject);
  const onKey = (text: string | undefined, key: PressedKey) => {
    const pressed = press(picker, text, key);
    if (pressed.state === "picked") return ended.resolve(pressed.name);
    if (pressed.state === "left") return ended.resolve(undefined);
    picker = pressed.picker;
    redraw();
  };
  const leave = () => ended.resolve(undefined);
  emitKeypressEvents(stdin);
  stdin.setRawMode(true);
  stdin.resume();
  stdin.on("keypress", onKey);
  stdin.once("end", leave);
  process.stderr.on("resize", redraw);
  signal.addEventListener("abort", leave, { once: true });
  try {
    await draw();
    return await ended.promise;
  } finally {
    stdin.off("keypress", onKey);
    stdin.off("end", leave);
    process.stderr.off("resize", redraw);
    signal.removeEventListener("abort", leave);
    stdin.setRawMode(false);
    stdin.pause();
    stdin.unref?.();
    await terminal.draw("\r\u001b[J");
  }
}
