import type { AppStatus } from "../../../protocol/methods/app_methods.ts";
import type { Style } from "../../../ui/style.ts";
import { terminalText } from "../../../ui/terminal_text.ts";
import { cell } from "../../../ui/text.ts";
import type { AppLine } from "../log_printer.ts";

/** For an app's name in front of each line. */
const NAME_COLUMNS = 10;
const TIME_COLUMNS = 8;

export interface LinePrefixOptions {
  color: boolean;
  style: Style;
  /** The search has found this line. */
  found: boolean;
  time: boolean;
  /** With these apps the line's own is named; undefined where a log has one app's lines alone. */
  apps: readonly AppStatus[] | undefined;
}

/**
 * A mark for stderr and for what was found; then time and app where they are wanted. Ready for the terminal.
 */
export function linePrefix(
  line: AppLine,
  { color, style, found, time, apps }: LinePrefixOptions,
): { text: string; columns: number } {
  let text = found ? style.cyan("›") : line.stream === "stderr" ? style.red("!") : " ";
  let columns = 1;
  if (time) {
    const shown = line.time === null ? "--:--:--" : new Date(line.time).toLocaleTimeString("sv-SE");
    text += style.dim(`${shown} `);
    columns += TIME_COLUMNS + 1;
  }
  if (apps !== undefined) {
    const several = apps.some(({ name, instances }) => name === line.app && instances.length > 1);
    text += `${style.cyan(cell(several ? `${line.app}:${line.instance}` : line.app, NAME_COLUMNS))} `;
    columns += NAME_COLUMNS + 1;
  }
  return { text: terminalText(text, { color }), columns };
}
