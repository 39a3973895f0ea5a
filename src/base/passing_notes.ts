/**
 * What code far below a command finds on its way and a person should know, while the command goes on: a key
 * of the settings that is not known. A text is told once.
 */
type Listener = (text: string) => void;

let listener: Listener | undefined;
const told = new Set<string>();

/** Hears of notes from now on, those of earlier commands included. */
export function hearNotes(hear: Listener): void {
  told.clear();
  listener = hear;
}

/** Tells the command that runs; does nothing where none hears. */
export function passNote(text: string): void {
  if (listener === undefined || told.has(text)) return;
  told.add(text);
  listener(text);
}
