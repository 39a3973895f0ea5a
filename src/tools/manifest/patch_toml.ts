import { scanToml } from "./toml_scanner.ts";

/**
 * Changes one table of a TOML text, leaving comments, order and layout as they are. Comments between the
 * table's last entry and the next table belong to that one: a new entry stands above them.
 */
export async function patchTable(
  text: string,
  table: string,
  edit: (entries: Record<string, unknown>) => void,
): Promise<string> {
  const { parse, patch } = await import("@decimalturn/toml-patch");
  const document = parse(text) as Record<string, unknown>;
  const entries = (document[table] ??= {}) as Record<string, unknown>;
  const known = new Set(Object.keys(entries));
  edit(entries);
  const adds = Object.keys(entries).some((key) => !known.has(key));
  const held = adds ? holdComments(text, table) : undefined;
  return held === undefined ? patch(text, document) : held.putBack(patch(held.text, document));
}

interface HeldComments {
  /** The text without them. */
  text: string;
  putBack(patched: string): string;
}

/** Undefined where nothing but a table or the end follows the table's last entry. */
function holdComments(text: string, table: string): HeldComments | undefined {
  const lines = text.split("\n");
  const heads = headLines(text, lines);
  const begin = heads.find((line) => namesTable(lines[line] ?? "", table));
  if (begin === undefined) return undefined;
  const end = heads.find((line) => line > begin) ?? lines.length;
  let last = end;
  while (last > begin + 1 && /^\s*(#.*)?$/.test(lines[last - 1] ?? "")) last--;
  const comments = lines.slice(last, end);
  if (comments.every((line) => line.trim() === "")) return undefined;
  const next = lines[end];
  return {
    text: [...lines.slice(0, last), ...lines.slice(end)].join("\n"),
    putBack(patched) {
      const out = patched.split("\n");
      const from = out.findIndex((line) => namesTable(line, table)) + 1;
      const at = next === undefined ? -1 : out.indexOf(next, from);
      const above = at === -1 ? out : out.slice(0, at);
      while (above.length > 0 && above.at(-1)?.trim() === "") above.pop();
      return [...above, ...comments, ...(at === -1 ? [] : out.slice(at))].join("\n");
    },
  };
}

/** The lines with a table's head, not those of a list over several lines. */
function headLines(text: string, lines: readonly string[]): number[] {
  const keys = new Set([...scanToml(text).positions.values()].map(({ line }) => line - 1));
  return [...keys].filter((line) => /^\s*\[/.test(lines[line] ?? "")).sort((a, b) => a - b);
}

function namesTable(line: string, table: string): boolean {
  return line.replace(/#.*$/, "").trim().replaceAll(/\s/g, "") === `[${table}]`;
}
