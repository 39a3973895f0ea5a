import { keysOf, type ManifestWords, type Schema, schemaAt, valuesOf, wordsAt } from "./manifest_schema.ts";
import { openKeyAt, outlineOf, tableAt } from "./outline.ts";

export interface Completion {
  label: string;
  /** What is put in; the label where it is left out. */
  insert?: string;
  detail?: string;
  /** Column from which the text up to the cursor is replaced. */
  from: number;
}

export interface CompletionSource {
  schema: Schema;
  words: ManifestWords;
  /** Names of the catalogue. */
  tools(): Promise<readonly { name: string; description: string }[]>;
  /** Newest first. */
  versions(tool: string): Promise<readonly string[]>;
}

/** Sections whose tables have a name of the person's own. */
const NAMED = ["apps", "tasks", "backends", "tools"];

/** What can be written at a place of a haft.toml. */
export async function completeManifest(
  text: string,
  { line, character }: { line: number; character: number },
  source: CompletionSource,
): Promise<Completion[]> {
  const content = text.split(/\r?\n/)[line] ?? "";
  const [before, after] = [content.slice(0, character), content.slice(character)];
  const open = openKeyAt(text, line);
  if (open !== undefined) {
    const place = { typed: before.trimStart(), character, text, after };
    return await valuesFor([...open.table, ...open.key], place, source);
  }
  const header = /^\s*\[\s*([\w.-]*)$/.exec(before);
  if (header !== null) {
    return sections(source.schema, character - (header[1] ?? "").length);
  }
  const outline = outlineOf(text);
  const table = tableAt(outline, line);
  const value = /^\s*("[^"]*"|[\w.-]+)\s*=\s*(.*)$/.exec(before);
  if (value === null) {
    const typed = /^\s*([\w-]*)$/.exec(before);
    if (typed === null) return [];
    const present = outline.keys.filter((key) =>
      key.line !== line && key.table.join("\0") === table.join("\0")
    ).map(({ key }) => key[0]);
    const from = character - (typed[1] ?? "").length;
    return (await keysIn(table, source)).filter(({ label }) => !present.includes(label)).map((one) => ({
      ...one,
      from,
    }));
  }
  const [, key = "", typed = ""] = value;
  return await valuesFor([...table, key.replaceAll('"', "")], { typed, character, text, after }, source);
}

function sections(schema: Schema, from: number): Completion[] {
  return keysOf(schema).map((name) => ({
    label: NAMED.includes(name) && name !== "tools" ? `${name}.NAME` : name,
    insert: NAMED.includes(name) && name !== "tools" ? `${name}.` : name,
    from,
  }));
}

async function keysIn(
  table: readonly string[],
  { schema, words, tools }: CompletionSource,
): Promise<Omit<Completion, "from">[]> {
  if (table.length === 1 && table[0] === "tools") {
    return (await tools()).map(({ name, description }) => ({
      label: name,
      insert: `${name} = "`,
      detail: description,
    }));
  }
  return keysOf(schemaAt(schema, table)).map((key) => {
    const detail = wordsAt(words, [...table, key]);
    return { label: key, insert: `${key} = `, ...(detail === undefined ? {} : { detail }) };
  });
}

async function valuesFor(
  path: readonly string[],
  { typed, character, text, after }: { typed: string; character: number; text: string; after: string },
  { schema, versions }: CompletionSource,
): Promise<Completion[]> {
  const from = character - (/[\w.*-]*$/.exec(typed)?.[0].length ?? 0);
  const [section, name, key] = path;
  const isVersion = section === "tools" && (path.length === 2 || key === "version");
  if (isVersion && name !== undefined) {
    return quoted(await versions(name), { typed, from, after });
  }
  if (path.at(-1)?.startsWith("depends") === true && (section === "tasks" || section === "apps")) {
    return quoted(namesOf(text, section).filter((other) => other !== name), { typed, from, after });
  }
  return valuesOf(schemaAt(schema, path)).map((value) => ({ label: value, from: character - typed.length }));
}

/** Names of tables and keys below a section. */
export function namesOf(text: string, section: string): string[] {
  const { tables, keys } = outlineOf(text);
  const paths = [...tables.map(({ path }) => path), ...keys.map(({ table, key }) => [...table, ...key])];
  return [
    ...new Set(paths.flatMap(([first, name]) => first === section && name !== undefined ? [name] : [])),
  ];
}

/** The quotes that are not there yet come with the word. */
function quoted(
  words: readonly string[],
  { typed, from, after }: { typed: string; from: number; after: string },
): Completion[] {
  const isOpen = (typed.match(/"/g)?.length ?? 0) % 2 === 1;
  const [begin, end] = isOpen ? ["", after.startsWith('"') ? "" : '"'] : ['"', '"'];
  return words.map((word) => ({ label: word, insert: `${begin}${word}${end}`, from }));
}
