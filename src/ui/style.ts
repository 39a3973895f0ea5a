import { styleText } from "node:util";

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
  type Format = Parameters<typeof styleText>[0];
  const paint = (format: Format) => (text: string) =>
    color && text !== "" ? styleText(format, text, { validateStream: false }) : text;
  return {
    bold: paint("bold"),
    dim: paint("dim"),
    red: paint("red"),
    green: paint("green"),
    yellow: paint("yellow"),
    cyan: paint("cyan"),
  };
}
