import { sealed } from "./terminal_text.ts";

/** Text in a few quiet colours; plain when colour is off. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

/** @param color `Output.color`, which knows about NO_COLOR and TERM=dumb. */
export function createStyle(color: boolean): Style {
  const paint = (on: number, off: number) => (text: string) =>
    color && text !== "" ? `${sealed(String(on))}${text}${sealed(String(off))}` : text;
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    cyan: paint(36, 39),
  };
}
