/** As much of JSON Schema as haft.schema.json uses. */
export interface Schema {
  type?: string;
  properties?: Readonly<Record<string, Schema>>;
  additionalProperties?: Schema | boolean;
  anyOf?: readonly Schema[];
  items?: Schema;
  enum?: readonly unknown[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
}

/** What docs/manifest.md says of each key: section (`apps`, `apps.health`) → key → words. */
export type ManifestWords = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The schema of a key; undefined where none is known. */
export function schemaAt(schema: Schema, path: readonly string[]): Schema | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return schema;
  for (const one of alternatives(schema)) {
    const more = typeof one.additionalProperties === "object" ? one.additionalProperties : undefined;
    const next = one.properties?.[key] ?? more;
    const found = next === undefined ? undefined : schemaAt(next, rest);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The keys that a table can have. */
export function keysOf(schema: Schema | undefined): string[] {
  if (schema === undefined) return [];
  return [...new Set(alternatives(schema).flatMap(({ properties = {} }) => Object.keys(properties)))];
}

/** The values that can be listed: words of an enum, and true and false. */
export function valuesOf(schema: Schema | undefined): string[] {
  if (schema === undefined) return [];
  return alternatives(schema).flatMap((one) => {
    if (one.enum !== undefined) {
      return one.enum.map((value) => JSON.stringify(value));
    }
    return one.type === "boolean" ? ["true", "false"] : [];
  });
}

/** `text, or list of text`; and the default where there is one. */
export function describeSchema(schema: Schema): string {
  const typed = alternatives(schema).filter((one) => one.type !== undefined || one.enum !== undefined);
  const types = [...new Set(typed.map(typeText))].join(", or ") || "any value";
  const [usual] = alternatives(schema).flatMap(({ default: one }) => one === undefined ? [] : [one]);
  const isEmpty = usual === undefined ||
    (typeof usual === "object" && Object.keys(Object(usual)).length === 0);
  return isEmpty ? types : `${types}; ${JSON.stringify(usual)} unless it is set`;
}

/** What a hover says of a key: the manual's words, and of the schema what they leave out. */
export function keyText(words: string | undefined, schema: Schema | undefined): string[] {
  if (schema === undefined) return words === undefined ? [] : [words];
  if (words === undefined) return [`*${describeSchema(schema)}*`];
  const values = alternatives(schema).flatMap((one) => one.enum ?? []);
  const isSaid = values.length > 0 &&
    values.every((value) => words.includes(JSON.stringify(value)));
  return isSaid ? [words] : [words, `*${describeSchema(schema)}*`];
}

function typeText({ type, enum: words, items }: Schema): string {
  if (words !== undefined) {
    return words.map((word) => JSON.stringify(word)).join(" | ");
  }
  if (type === "array") {
    return items?.type === undefined ? "a list" : `a list of ${items.type}`;
  }
  if (type === "object") return "a table";
  return type ?? "any value";
}

function alternatives(schema: Schema): Schema[] {
  return schema.anyOf === undefined ? [schema] : [
    // A default stands beside the alternatives.
    ...(schema.default === undefined ? [] : [{ default: schema.default, anyOf: [] }]),
    ...schema.anyOf.flatMap(alternatives),
  ].filter((one) => one.type !== undefined || one.enum !== undefined || one.default !== undefined);
}

/** The words about a key: of its own section, `apps.health` for `[apps.web.health]`. */
export function wordsAt(words: ManifestWords, path: readonly string[]): string | undefined {
  const [section = "", , ...rest] = path;
  const key = path.at(-1) ?? "";
  const isNamed = section === "apps" || section === "tasks" || section === "backends" || section === "tools";
  const within = isNamed ? [section, ...rest.slice(0, -1)].join(".") : section;
  return words[within]?.[key];
}
