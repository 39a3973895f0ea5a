import type { Style } from "../../../ui/style.ts";

const KEYS: readonly (readonly [keys: string, meaning: string])[] = [
  ["↑ ↓ k j", "select an app (scroll the log when it is maximised)"],
  ["s x r", "start, stop, restart it"],
  ["+ -", "one instance more, one less"],
  ["i", "show its command, variables and dependencies"],
  ["o O", "sort by another column, reverse"],
  ["F", "filter the list by name"],
  ["", ""],
  ["PgUp PgDn", "scroll the log by a page; also the mouse wheel"],
  ["Home End", "go to its start, to its end"],
  ["/ n N", "search it, next match below, next above"],
  ["w ← →", "wrap long lines or not; then scroll sideways"],
  ["f", "follow new lines or stay"],
  ["T", "show times"],
  ["a", "show the lines of all apps, or of one"],
  ["z Enter", "maximise the log, and back"],
  ["y", "copy the lines that are shown"],
  ["", ""],
  ["t", "plain log, and back"],
  ["? Esc", "this help, and back"],
];

/** What each key does. @param owns quitting stops the apps */
export function helpLines({ owns, style }: { owns: boolean; style: Style }): string[] {
  const ends: [string, string][] = owns
    ? [["q Ctrl-C", "stop all apps and quit"], ["d", "quit and leave them running"]]
    : [["q Ctrl-C", "quit; the apps go on"]];
  const width = Math.max(...[...KEYS, ...ends].map(([keys]) => keys.length));
  return [...KEYS, ...ends].map(([keys, meaning]) =>
    keys === "" ? "" : `${style.bold(keys.padEnd(width))}  ${meaning}`
  );
}
