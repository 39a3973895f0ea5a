import type { ManifestWords } from "../../clients/vscode/src/model/manifest_schema.ts";

/**
 * What docs/manifest.md says of each key, for hovers and completion: of `[apps.NAME]`'s table under `apps`,
 * of the table that follows "`health` has …" under `apps.health`.
 */
export function manifestWords(page: string): ManifestWords {
  const words: Record<string, Record<string, string>> = {};
  let section: string | undefined;
  let table: string | undefined;
  for (const line of page.split("\n")) {
    if (line.startsWith("## ")) {
      const names = [...line.matchAll(/`\[(\w+)/g)].map(([, name]) => name);
      // One section describes three; its table is of the settings.
      table = section = names.includes("settings") ? "settings" : names[0];
    }
    const within = /^`(\w+)`(?:,| as| has|:)/.exec(line);
    if (within !== null && section !== undefined) table = `${section}.${within[1]}`;
    const [, name, takes = "", usual = ""] =
      /^\| ((?:`\w+`(?:, )?)+) +\| (.*?) +\|(?: (.*?) +\|)?/.exec(line) ??
        [];
    if (name === undefined || table === undefined) continue;
    const text = usual.trim() === "" ? takes : `${takes}. Default: ${usual}`;
    for (const [, key = ""] of name.matchAll(/`(\w+)`/g)) (words[table] ??= {})[key] ??= text;
  }
  return words;
}
