/**
 * Grants as config.toml has them: a `[fleet.allow.KEY]` for each, so that a person can write the next one
 * below it.
 */
import type { FleetGrant } from "../../tools/manifest/fleet_settings.ts";

type Toml = Pick<typeof import("@decimalturn/toml-patch"), "parse" | "patch" | "stringify">;

/** The settings with this grant; what else they say stays as it is written. */
export function withGrant(
  text: string,
  { key, grant }: { key: string; grant: FleetGrant },
  toml: Toml,
): string {
  const { document, fleet, grants } = read(text, toml);
  const inPlace = () =>
    toml.patch(text, { ...document, fleet: { ...fleet, allow: { ...grants, [key]: grant } } });
  const added = `${ended(text)}\n${tableOf(key, grant, toml)}`;
  if (!Object.hasOwn(grants, key) && isToml(added, toml)) return added;
  if (isToml(`${ended(text)}\n[fleet.allow.further]\n`, toml)) return inPlace();
  // As one line, `allow = { … }`, they cannot be followed by a table.
  const { allow: _, ...others } = fleet;
  const tables = Object.entries({ ...grants, [key]: grant }).map(([one, its]) => tableOf(one, its, toml));
  const rewritten = `${ended(toml.patch(text, { ...document, fleet: others }))}\n${tables.join("\n")}`;
  return isToml(rewritten, toml) ? rewritten : inPlace();
}

/** The settings without what these keys are granted. */
export function withoutGrants(text: string, keys: readonly string[], toml: Toml): string {
  const { document, fleet, grants } = read(text, toml);
  const left = Object.fromEntries(Object.entries(grants).filter(([key]) => !keys.includes(key)));
  return toml.patch(text, { ...document, fleet: { ...fleet, allow: left } });
}

function read(text: string, { parse }: Toml) {
  const document = asTable(parse(text));
  const fleet = asTable(document["fleet"]);
  return { document, fleet, grants: asTable(fleet["allow"]) };
}

function tableOf(key: string, grant: unknown, { stringify }: Toml): string {
  return `[fleet.allow.${key}]\n${ended(stringify(asTable(grant), { bracketSpacing: false }))}`;
}

function isToml(text: string, { parse }: Toml): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}

function ended(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}

function asTable(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
