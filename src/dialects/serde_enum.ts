/** One variant of a Rust enum as serde writes it (externally tagged). */
export interface Variant {
  name: string;
  /** The fields; null for a variant without any. */
  fields: unknown;
}

/**
 * Takes serde's forms of a variant apart: `"List"`, `{"List": null}`, `{"Stop": {"name": "a"}}`, `{"Stop":
 * ["a"]}`.
 *
 * @returns undefined when it is none
 */
export function readVariant(value: unknown): Variant | undefined {
  if (typeof value === "string") return { name: value, fields: null };
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const [entry, extra] = Object.entries(value);
  return entry === undefined || extra !== undefined ? undefined : { name: entry[0], fields: entry[1] };
}

/**
 * A variant's fields by name; a list gives them in the order of `names`, and one that is absent is null.
 *
 * @returns undefined when the variant has none
 */
export function readFields(fields: unknown, names: readonly string[]): Record<string, unknown> | undefined {
  if (typeof fields !== "object" || fields === null) return undefined;
  const table = fields as Record<string, unknown>;
  return Object.fromEntries(
    names.map((name, index) => [name, (Array.isArray(fields) ? fields[index] : table[name]) ?? null]),
  );
}
