import { textColumns } from "../runtime/text_columns.ts";
import { createStyle } from "./style.ts";
import { cellText, plainText } from "./terminal_text.ts";
import { cell, fit, widest, wrapWords } from "./text.ts";

/** One line to choose from. */
export interface Choice {
  name: string;
  description: string | undefined;
}

/** A list that typing narrows down. */
export interface Picker {
  question: string;
  choices: readonly Choice[];
  /** What is typed. */
  filter: string;
  /** The place of the chosen one among those that match. */
  selected: number;
}

/** A key, as node's keypress events name it. */
export interface PressedKey {
  name?: string | undefined;
  ctrl?: boolean | undefined;
  meta?: boolean | undefined;
}

/** What a key leads to. */
export type Pressed =
  | { state: "open"; picker: Picker }
  | { state: "picked"; name: string }
  | { state: "left" };

/** Steps of the keys that move the choice. */
const MOVES: Readonly<Record<string, number>> = { up: -1, down: 1, tab: 1, pageup: -10, pagedown: 10 };
/** Lines for the description of the chosen one, where its own line has no room for it. */
const MOST_DESCRIPTION = 2;

/** The choices that match what is typed, best first: the name's beginning, inside it, the description. */
export function matching({ choices, filter }: Picker): Choice[] {
  const wanted = filter.toLowerCase();
  const rank = ({ name, description = "" }: Choice) => {
    const lower = name.toLowerCase();
    if (lower.startsWith(wanted)) return 0;
    if (lower.includes(wanted)) return 1;
    if (description.toLowerCase().includes(wanted)) return 2;
    return hasInOrder(lower, wanted) ? 3 : undefined;
  };
  return choices.flatMap((choice) => {
    const place = rank(choice);
    return place === undefined ? [] : [{ choice, place }];
  }).sort((a, b) => a.place - b.place).map(({ choice }) => choice);
}

/** Whether all letters come in that order, as `tw` in `test:web`. */
function hasInOrder(text: string, letters: string): boolean {
  let at = 0;
  for (const letter of letters) {
    at = text.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

/** @param text what the key types, when it types something */
export function press(picker: Picker, text: string | undefined, key: PressedKey): Pressed {
  const found = matching(picker);
  const { name = "", ctrl = false } = key;
  const open = (change: Partial<Picker>): Pressed => ({ state: "open", picker: { ...picker, ...change } });
  if (name === "escape" || (ctrl && (name === "c" || name === "d"))) return { state: "left" };
  if (name === "return" || name === "enter") {
    const choice = found[picker.selected];
    return choice === undefined ? open({}) : { state: "picked", name: choice.name };
  }
  const step = MOVES[ctrl && name === "p" ? "up" : ctrl && name === "n" ? "down" : name];
  if (step !== undefined) {
    return open({ selected: Math.max(0, Math.min(found.length - 1, picker.selected + step)) });
  }
  if (name === "backspace") return open({ filter: [...picker.filter].slice(0, -1).join(""), selected: 0 });
  if (ctrl && name === "u") return open({ filter: "", selected: 0 });
  if (text === undefined || ctrl || key.meta === true || !/^\P{C}+$/u.test(text)) return open({});
  return open({ filter: picker.filter + text, selected: 0 });
}

/**
 * The picker as it is drawn: what is typed, then the choices around the chosen one.
 *
 * @param columns 4 or more
 * @returns lines of less than `columns`, less than `rows` of them
 */
export function pickerLines(
  picker: Picker,
  { columns, rows, color }: { columns: number; rows: number; color: boolean },
): string[] {
  const style = createStyle(color);
  const room = Math.max(1, columns - 1);
  const found = matching(picker).map(({ name, description }) => ({
    name: cellText(name),
    description: description === undefined ? undefined : plainText(description),
  }));
  const chosen = found[picker.selected];
  const names = Math.min(widest(found.map(({ name }) => name)), Math.max(1, room - 2));
  const below = chosen?.description === undefined ||
      textColumns(chosen.description) + names + 4 <= room
    ? []
    : wrapWords(chosen.description, room).slice(0, MOST_DESCRIPTION);
  const most = Math.max(1, rows - 2 - below.length);
  const from = Math.max(0, Math.min(picker.selected - Math.floor(most / 2), found.length - most));
  return [
    promptLine(picker, room),
    ...found.slice(from, from + most).map((choice) => {
      const isChosen = choice === chosen;
      const name = cell(choice.name, names);
      const description = fit(choice.description ?? "", room - names - 4);
      const start = `${isChosen ? ">" : " "} ${isChosen ? style.bold(name) : name}`;
      return description === "" ? start : `${start}  ${style.dim(description)}`;
    }),
    ...(found.length === 0 ? [style.dim(fit("  none matches", room))] : []),
    ...below.map((line) => style.dim(fit(line, room))),
  ];
}

/** The question, and the end of what is typed, where the cursor stands. */
export function promptLine({ question, filter }: Picker, room: number): string {
  const asked = fit(`${question} `, Math.max(0, room - 6));
  const left = room - textColumns(asked);
  let shown = filter;
  while (textColumns(shown) > left) shown = shown.slice(1);
  return asked + shown;
}
