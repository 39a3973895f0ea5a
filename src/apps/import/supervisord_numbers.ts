export interface NumberFormat {
  /** Processes of the program. */
  count: number;
  /** The number of the first. */
  first: number;
  /** As in `%05d`; 0 for none. */
  width: number;
  /** What fills it up. */
  pad: string;
}

/**
 * `%(process_num)02d` for each instance.
 *
 * @param options.isShell whether a shell fills it in; else haft does, which neither adds nor pads
 * @returns undefined when haft cannot say it
 */
export function processNumber(
  { count, first, width, pad }: NumberFormat,
  { isShell }: { isShell: boolean },
): string | undefined {
  if (count === 1) return `${first}`.padStart(width, pad);
  const last = first + count - 1;
  if (first === 0 && last <= 9) return pad.repeat(Math.max(0, width - 1)) + "${HAFT_APP_INSTANCE}";
  if (first === 0 && width <= 1) return "${HAFT_APP_INSTANCE}";
  if (!isShell) return undefined;
  const number = first === 0 ? "$HAFT_APP_INSTANCE" : `$((HAFT_APP_INSTANCE + ${first}))`;
  return width <= 1 ? number : `$(printf %${pad === "0" ? "0" : ""}${width}d ${number})`;
}
