/** What a project can make haft do, in lines for the person who is asked to trust it. */
import { npmrcClaims } from "../registry/npmrc.ts";
import { BUILDS_PART, ENV_FILES_PART, type GatedParts, NPMRC_PART } from "./trust_store.ts";

/** One line for each thing: a key and its value, or a sentence where the file's own words say too little. */
export function describeParts(parts: GatedParts["parts"]): string[] {
  return Object.entries(parts).flatMap(([section, content]) => linesOf(section, content)).map(visible);
}

/** What differs from what was trusted before, with `-` and `+` in front; all of it is new without that. */
export function describeChange(
  before: GatedParts["parts"] | undefined,
  now: GatedParts["parts"],
): string[] {
  const [old, lines] = [describeParts(before ?? {}), describeParts(now)];
  return [
    ...old.filter((line) => !lines.includes(line)).map((line) => `- ${line}`),
    ...lines.filter((line) => !old.includes(line)).map((line) => `+ ${line}`),
  ];
}

function linesOf(section: string, content: unknown): string[] {
  switch (section) {
    case NPMRC_PART:
      return npmrcClaims(Array.isArray(content) ? content.filter(isSetting) : []);
    case ENV_FILES_PART:
      return Object.entries(content ?? {}).flatMap(([file, variables]) =>
        Object.entries(variables ?? {}).map(([name, value]) => `${file} sets ${name} = ${value}`)
      );
    case BUILDS_PART:
      return Object.entries(content ?? {}).flatMap(([tool, part]) =>
        Object.entries(part ?? {}).flatMap(([what, value]) =>
          what === "env"
            ? leaves(`catalogue.${tool}.env`, value)
            : [`${tool} is built from the ${what} package ${value}, which runs code of it`]
        )
      );
    case "mirrors":
      return Object.entries(content ?? {}).map(([from, to]) => `downloads of ${from} come from ${to}`);
    case "settings":
      return Object.entries(content ?? {}).flatMap(([name, value]) =>
        SETTINGS[name] ?? leaves(`settings.${name}`, value)
      );
    default:
      return leaves(section, content);
  }
}

const SETTINGS: Readonly<Record<string, string>> = {
  auto_install: "a missing tool is installed when it is first run (auto_install)",
  remote_dependencies: "packages may bring dependencies from outside the registry (remote_dependencies)",
};

function leaves(key: string, value: unknown): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return [`${key} = ${value === null ? "false" : JSON.stringify(value)}`];
  }
  return Object.entries(value).flatMap(([name, item]) => leaves(`${key}.${name}`, item));
}

/** Characters that a terminal obeys, or that turn the direction of text, as their escapes. */
function visible(text: string): string {
  return text.replaceAll(
    // deno-lint-ignore no-control-regex
    /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** What an earlier haft trusted was kept in another form. */
function isSetting(item: unknown): item is [key: string, value: string] {
  return Array.isArray(item) && item.length === 2 && item.every((part) => typeof part === "string");
}
