import { UsageError } from "../../../base/errors.ts";
import { parseDocument } from "../read_toml.ts";
import { isTable, type Mention, type Mentions } from "./mention.ts";

/** What mise, and vx in the same form, keep under `[tools]` and `[env]`. */
export function readMiseToml(text: string, path: string): Mentions {
  let document: unknown;
  try {
    document = parseDocument(text, { what: "version file", path });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { tools: [], problems: [tomlProblem(error.message, path)] };
  }
  const { tools, env, ...others } = isTable(document) ? document : {};
  const variables = readEnv(env);
  const entries = isTable(tools) ? Object.entries(tools) : [];
  const versionless = entries.filter(([name, value]) => mention(name, value).length === 0);
  return {
    tools: entries.flatMap(([name, value]) => mention(name, value)),
    env: variables.env,
    problems: [
      ...versionless.map(([name]) => ` tools.${name} is left out: it has no version`),
      ...entries.flatMap(([name, value]) => postinstallProblem(name, value)),
      ...variables.problems,
      ...WITHOUT_EQUAL.flatMap(([section, why]) =>
        section in others ? [` [${section}] is left out: ${why}`] : []
      ),
    ],
  };
}

/** Sections that haft does not act on. Tasks are read elsewhere, and the others say nothing that runs. */
const WITHOUT_EQUAL: readonly [section: string, why: string][] = [
  ["hooks", "haft runs nothing at the prompt or around an install"],
  ["plugins", "haft has a catalogue instead"],
  ["settings", "write haft's own into haft.toml"],
];

function postinstallProblem(name: string, value: unknown): string[] {
  const [first] = Array.isArray(value) ? value : [value];
  return isTable(first) && "postinstall" in first
    ? [` tools.${name}.postinstall is left out: write it under [tools] of haft.toml`]
    : [];
}

/** `:3:7: …` of `Cannot read version file "…": PATH:3:7: …`. */
function tomlProblem(message: string, path: string): string {
  const at = message.lastIndexOf(`${path}:`);
  return at === -1 ? ` ${message}` : message.slice(at + path.length);
}

/** A version, a table with one, or a list of either: the first is the one that runs. */
function mention(name: string, value: unknown): Mention[] {
  const entries = (Array.isArray(value) ? value : [value]).map((entry: unknown) =>
    isTable(entry) ? entry : { version: entry }
  );
  const versions = entries.flatMap(({ version }) =>
    typeof version === "string" || typeof version === "number" ? [String(version)] : []
  );
  if (versions.length === 0) return [];
  const os = entries[0]?.["os"];
  const systems = Array.isArray(os) ? os.filter((one) => typeof one === "string") : undefined;
  return [{ name, versions, key: `tools.${name}`, ...(systems === undefined ? {} : { os: systems }) }];
}

function readEnv(value: unknown): { env: Record<string, string | null>; problems: string[] } {
  const env: Record<string, string | null> = {};
  const problems: string[] = [];
  for (const [name, entry] of isTable(value) ? Object.entries(value) : []) {
    const plain = isTable(entry) && "value" in entry ? entry["value"] : entry;
    if (plain === false) env[name] = null;
    else if (name === "_" || isTable(plain) || Array.isArray(plain)) {
      problems.push(` env.${name} is left out: haft knows plain variables`);
    } else if (/\{\{|\{%/.test(String(plain))) problems.push(` env.${name} is left out: it is a template`);
    else if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) env[name] = String(plain);
  }
  return { env, problems };
}
