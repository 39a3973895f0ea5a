import type { Mentions } from "./mention.ts";

/** asdf's .tool-versions: a tool and its versions a line, the preferred one first. */
export function readToolVersions(text: string): Mentions {
  const problems: string[] = [];
  const tools = text.split(/\r?\n/).flatMap((line, index) => {
    const [name, ...versions] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (name === undefined || name === "") return [];
    if (versions.length > 0) return [{ name, versions, key: `line ${index + 1}` }];
    problems.push(`:${index + 1}: ${name} has no version`);
    return [];
  });
  return { tools, problems };
}

/** A file that is one version: .nvmrc, .node-version, .python-version. */
export function readSingleVersion(name: string, text: string): Mentions {
  const lines = text.split(/\r?\n/).map((line) => line.replace(/#.*/, "").trim());
  const index = lines.findIndex((line) => line !== "");
  const version = lines[index];
  return { tools: version === undefined ? [] : [{ name, versions: [version], key: `line ${index + 1}` }] };
}
