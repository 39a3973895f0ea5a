import { assertEquals } from "@std/assert";
import { parseVersionFile } from "../../../../src/tools/manifest/version_files.ts";

function read(name: string, text: string) {
  const { requests, skipped } = parseVersionFile(text, { name, path: `/p/${name}` });
  return {
    asks: requests.map((request) => `${request.name} ${request.version} (${request.decidedBy.key})`),
    skips: skipped.map(({ name, version, reason }) => `${name} ${version}: ${reason}`),
  };
}

const rows: [file: string, text: string, asks: string[], skips?: string[]][] = [
  [".nvmrc", "v22\n", ["node v22 (line 1)"]],
  [".nvmrc", "# ours\n\nlts/*\n", ["node lts/* (line 3)"]],
  [".node-version", "20.11.0", ["node 20.11.0 (line 1)"]],
  [".python-version", "3.12\n", [], ["python 3.12: haft's catalogue does not have it"]],
  [
    ".tool-versions",
    "nodejs 22.1.0 20.0.0 # two\nruby 3.3\n\ndeno 2.9.6\n",
    ["node 22.1.0 (line 1)", "deno 2.9.6 (line 4)"],
    ["ruby 3.3: haft's catalogue does not have it"],
  ],
  [".tool-versions", "nodejs ref:abc!\n", [], ["nodejs ref:abc!: haft does not know such a version"]],
  [
    "mise.toml",
    '[tools]\nnode = "22"\nbun = ["1.4", "1.3"]\ndeno = { version = "2" }\n[env]\nX = "1"\n',
    ["node 22 (tools.node)", "bun 1.4 (tools.bun)", "deno 2 (tools.deno)"],
  ],
  [
    "mise.toml",
    '[tools]\n"npm:prettier" = "3"\n"npm:../../evil" = "1"\n"cargo:ripgrep" = "14"\n',
    ["npm:prettier 3 (tools.npm:prettier)"],
    [
      "npm:../../evil 1: haft's catalogue does not have it",
      "cargo:ripgrep 14: haft's catalogue does not have it",
    ],
  ],
  [".tool-versions", "nodejs system\n", [], ["nodejs system: haft does not know such a version"]],
  ["vx.toml", '[tools]\nnode = "22"\n', ["node 22 (tools.node)"]],
  [
    "package.json",
    '{"packageManager":"pnpm@12.1.0+sha512.abc","volta":{"node":"22.1.0"},"engines":{"node":">=20","npm":"10","vscode":"^1"}}',
    ["node 22.1.0 (volta.node)", "pnpm 12.1.0 (packageManager)", "npm 10 (engines.npm)"],
  ],
  ["package.json", "{ not json", []],
  ["package.json", '{"engines":["node"]}', []],
  ["mise.toml", "tools = [", []],
  [".nvmrc", "", []],
];

for (const [file, text, asks, skips = []] of rows) {
  Deno.test(`parseVersionFile() of ${file} ${JSON.stringify(text).slice(0, 40)} asks for ${asks.join(", ") || "nothing"}`, () => {
    assertEquals(read(file, text), { asks, skips });
  });
}
