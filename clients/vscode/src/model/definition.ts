import { outlineOf, placeOfEntry, tableAt } from "./outline.ts";

export interface Place {
  line: number;
  start: number;
  end: number;
}

/**
 * Where the task or app is declared that the word at a place names: in `depends`, `depends_on` and others.
 */
export function definitionOf(
  text: string,
  { line, character }: { line: number; character: number },
): Place | undefined {
  const content = text.split(/\r?\n/)[line] ?? "";
  const word = wordAt(content, character);
  if (word === undefined) return undefined;
  const outline = outlineOf(text);
  const [section = ""] = tableAt(outline, line);
  const key = outline.keys.findLast((one) => one.line <= line);
  const path = [...key?.table ?? [], ...key?.key ?? []];
  const names = path.some((part) => part.startsWith("depends") || part === "backend");
  if (!names) return undefined;
  const target = path.includes("backend") ? "backends" : section;
  return placeOfEntry(outline, target, word);
}

/** A quoted text, or a bare key of `depends_on = { db = "healthy" }`. */
function wordAt(line: string, character: number): string | undefined {
  for (
    const { 0: whole, 1: double, 2: single, 3: bare, index } of line.matchAll(/"([^"]*)"|'([^']*)'|([\w-]+)/g)
  ) {
    if (index <= character && character <= index + whole.length) {
      return double ?? single ?? bare;
    }
  }
  return undefined;
}
