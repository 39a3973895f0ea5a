/**
 * What differs between two starts, as the names that the manifest has for it: `command`, `limits.memory`,
 * `env.PORT`. Values are not told: they may be secrets.
 */
export function changedKeys(before: unknown, after: unknown, prefix = ""): string[] {
  if (!isTable(before) || !isTable(after)) {
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [prefix];
  }
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return keys.flatMap((key) =>
    changedKeys(before[key], after[key], prefix === "" ? key : `${prefix}.${key}`)
  );
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An app as a table; a command alone is one, too. */
export function asTable(table: unknown): Record<string, unknown> {
  return isTable(table) ? { ...table } : { command: table };
}
