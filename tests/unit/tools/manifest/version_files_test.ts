import { assertEquals } from "@std/assert";
import { builtInCatalogue } from "../../../../src/tools/catalogue/catalogue.ts";
import { parseVersionFile, versionFilesIn } from "../../../../src/tools/manifest/version_files.ts";
import {
  VERSION_FILES,
  type VersionFileFamily,
} from "../../../../src/tools/manifest/version_files/families.ts";

function read(family: VersionFileFamily, text: string, others: Record<string, string> = {}) {
  const read = (path: string) => others[path];
  return parseVersionFile(text, { family, path: `/p/${family}`, catalogue: builtInCatalogue, read });
}

function asked({ requests }: ReturnType<typeof read>): string[] {
  return requests.map((request) => `${request.name} ${request.version} (${request.decidedBy.key})`);
}

const rows: [file: VersionFileFamily, text: string, asks: string[], skips?: string[]][] = [
  [".nvmrc", "v22\n", ["node v22 (line 1)"]],
  [".nvmrc", "# ours\n\nlts/*\n", ["node lts/* (line 3)"]],
  [".node-version", "20.11.0", ["node 20.11.0 (line 1)"]],
  [".python-version", "3.12\n", ["python 3.12 (line 1)"]],
  [
    ".tool-versions",
    "nodejs 22.1.0 20.0.0 # two\nruby 3.3\n\ndeno 2.9.6\n",
    ["node 22.1.0 (line 1)", "deno 2.9.6 (line 4)"],
    ["ruby 3.3: haft's catalogue does not have it"],
  ],
  [".tool-versions", "nodejs ref:abc!\n", [], ["node ref:abc!: haft builds no tool from a revision"]],
  [
    "mise.toml",
    '[tools]\nnode = "22"\nbun = ["1.4", "1.3"]\ndeno = { version = "2" }\n[env]\nX = "1"\n',
    ["node 22 (tools.node)", "bun 1.4 (tools.bun)", "deno 2 (tools.deno)"],
  ],
  [
    "mise.toml",
    '[tools]\n"npm:prettier" = "3"\n"npm:../../evil" = "1"\n"cargo:ripgrep" = "14"\n',
    ["npm:prettier 3 (tools.npm:prettier)", "cargo:ripgrep 14 (tools.cargo:ripgrep)"],
    ["npm:../../evil 1: haft's catalogue does not have it"],
  ],
  [".tool-versions", "nodejs system\n", []],
  [".tool-versions", "nodejs path:/opt/node\n", [], [
    "node path:/opt/node: haft runs no tool from a path outside its store",
  ]],
  [".tool-versions", "nodejs ref:main 20.1.0 system\n", ["node 20.1.0 (line 1)"]],
  [".tool-versions", "golang 1.27.3\ngolang 1.26.0\n", ["go 1.27.3 (line 1)"]],
  [".tool-versions", "nodejs 22\u200b\n", [], ["node 22\\u{200b}: haft does not know such a version"]],
  [
    "mise.toml",
    '[tools]\n"core:node" = "prefix:20"\nbun = "latest:1"\ndeno = "sub-0.1:latest"\n"pipx:black" = "24"\nbiome = 2\n',
    [
      "node 20 (tools.core:node)",
      "bun 1 (tools.bun)",
      "deno sub-0.1:latest (tools.deno)",
      "pypi:black 24 (tools.pipx:black)",
      "biome 2 (tools.biome)",
    ],
  ],
  [
    "mise.toml",
    '[tools]\n"aqua:BurntSushi/ripgrep" = "15"\n"ubi:cli/cli[exe=gh]" = "2"\n"npm:@scope/x" = { version = "1" }\nnode = [{ version = "22" }, "20"]\n',
    [
      "github:BurntSushi/ripgrep 15 (tools.aqua:BurntSushi/ripgrep)",
      "github:cli/cli 2 (tools.ubi:cli/cli[exe=gh])",
      "npm:@scope/x 1 (tools.npm:@scope/x)",
      "node 22 (tools.node)",
    ],
  ],
  ["vx.toml", '[tools]\nnode = "22"\n', ["node 22 (tools.node)"]],
  [
    "package.json",
    '{"packageManager":"pnpm@12.1.0+sha512.abc","volta":{"node":"22.1.0"},"engines":{"node":">=20","npm":"10","vscode":"^1"}}',
    ["node 22.1.0 (volta.node)", "pnpm 12.1.0 (packageManager)"],
  ],
  [
    "package.json",
    '{"devEngines":{"runtime":[{"name":"node","version":"22.x","onFail":"download"},{"name":"bun","version":"1","onFail":"ignore"}],"packageManager":{"name":"npm","version":"11"}}}',
    ["node 22.x (devEngines.runtime)", "npm 11 (devEngines.packageManager)"],
  ],
  ["package.json", "{ not json", []],
  ["package.json", '{"engines":["node"]}', []],
  ["mise.toml", "tools = [", []],
  [".nvmrc", "", []],
];

for (const [file, text, asks, skips = []] of rows) {
  Deno.test(`parseVersionFile() of ${file} ${JSON.stringify(text).slice(0, 40)} asks for ${asks.join(", ") || "nothing"}`, () => {
    const content = read(file, text);
    const skipped = content.skipped.map(({ name, version, reason }) => `${name} ${version}: ${reason}`);
    assertEquals([asked(content), skipped], [asks, skips]);
  });
}

Deno.test("parseVersionFile() follows volta's extends, the nearest first, and tells a circle", () => {
  const others = {
    "/base.json": '{"volta":{"node":"20.0.0","npm":"10.0.0","extends":"./base2.json"}}',
    "/base2.json": '{"volta":{"pnpm":"12.1.0"}}',
    "/circle.json": '{"volta":{"extends":"/circle.json"}}',
  };
  const found = read("package.json", '{"volta":{"node":"22.1.0","extends":"../base.json"}}', others);
  assertEquals(asked(found), [
    "node 22.1.0 (volta.node)",
    "npm 10.0.0 (volta.npm)",
    "pnpm 12.1.0 (volta.pnpm)",
  ]);
  assertEquals(found.alsoRead, ["/base.json", "/base2.json"]);
  const problem = (file: string) => read("package.json", `{"volta":{"extends":"${file}"}}`, others).problems;
  assertEquals(problem("/circle.json"), ['/p/package.json volta.extends leads back to "/circle.json"']);
  assertEquals(problem("no.json"), ['/p/package.json volta.extends names "/p/no.json", which is not there']);
});

Deno.test("parseVersionFile() takes engines for constraints, not for requests", () => {
  const { requests, constraints } = read(
    "package.json",
    '{"engines":{"node":">=20","npm":"please-use-yarn"}}',
  );
  assertEquals(requests, []);
  assertEquals(constraints.map(({ name, range }) => `${name} ${range}`), [
    "node >=20",
    "npm please-use-yarn",
  ]);
});

Deno.test("parseVersionFile() tells what is wrong in a file, with its line", () => {
  const problems = (family: VersionFileFamily, text: string) => read(family, text).problems;
  assertEquals(problems("package.json", '{\n  "a": 1,\n  b: 2\n}'), ['/p/package.json:3: unexpected "b"']);
  assertEquals(problems("package.json", '{"a": ['), ["/p/package.json:1: the file ends too soon"]);
  assertEquals(problems("package.json", "[]"), ["/p/package.json:1: it is no object"]);
  assertEquals(problems("package.json", '{"a": "\\u00e9\\n", "b": [1.5e3, true, null, {}]}'), []);
  assertEquals(problems(".tool-versions", "nodejs 22\nruby\n"), ["/p/.tool-versions:2: ruby has no version"]);
  assertEquals(problems("mise.toml", '[tools]\nnode = "22\n')[0]?.startsWith("/p/mise.toml:2:"), true);
  assertEquals(problems("mise.toml", '[tools]\nnode = []\njq = { vers = "1" }\nfd = true\njust = 1\n'), [
    "/p/mise.toml tools.node is left out: it has no version",
    "/p/mise.toml tools.jq is left out: it has no version",
    "/p/mise.toml tools.fd is left out: it has no version",
  ]);
  assertEquals(problems("package.json", '{"volta":{"node":20,"yarn":"1.22.22"}}'), [
    '/p/package.json volta.node is left out: it is no text, such as "22.1.0"',
  ]);
  for (const value of ["3", '"yarn"', '"pnpm@"', '{"name":"npm"}', "null"]) {
    assertEquals(problems("package.json", `{"packageManager":${value}}`), [
      '/p/package.json packageManager is left out: it is no name and version, such as "pnpm@9.1.0"',
    ]);
  }
});

Deno.test("parseVersionFile() reads mise's systems and plain variables, and tells what it leaves out", () => {
  const { requests, env, problems } = read(
    "mise.toml",
    '[tools]\ndeno = { version = "2", os = ["macos", "linux/x64"], postinstall = "x" }\n' +
      '[hooks]\nenter = "x"\n[settings]\njobs = 1\n[tasks]\na = "x"\n' +
      '[env]\nA = "1"\nB = false\nC = { value = "s", redact = true }\nD = "{{ cwd }}"\n_.path = ["bin"]\nE = 5\n',
  );
  assertEquals(requests[0]?.os, ["darwin", "linux"]);
  assertEquals(env, { A: "1", B: null, C: "s", E: "5" });
  assertEquals(problems.map((problem) => problem.replace("/p/mise.toml", "")), [
    " tools.deno.postinstall is left out: write it under [tools] of haft.toml",
    " env.D is left out: it is a template",
    " env._ is left out: haft knows plain variables",
    " [hooks] is left out: haft runs nothing at the prompt or around an install",
    " [settings] is left out: write haft's own into haft.toml",
  ]);
});

Deno.test("versionFilesIn() has mise's order: environments, local files, dotfiles, directories, then asdf's", () => {
  const names = versionFilesIn({ environments: ["dev"], below: ["mise", ".config"] }).map(({ name }) => name);
  const before = (a: string, b: string) =>
    assertEquals([a, b, names.indexOf(a) < names.indexOf(b)], [a, b, true]);
  const order = [
    ".mise.dev.local.toml",
    "mise.dev.local.toml",
    "mise.dev.toml",
    ".mise.local.toml",
    "mise.local.toml",
    ".mise.toml",
    "mise.toml",
    "mise/config.toml",
    ".config/mise.toml",
    ".config/mise/config.toml",
    ".tool-versions",
    ".nvmrc",
    "package.json",
  ];
  order.slice(1).forEach((name, index) => before(order[index] ?? "", name));
  assertEquals(names.includes(".mise/config.toml"), false);
  assertEquals(new Set(versionFilesIn({}).map(({ family }) => family)), new Set(VERSION_FILES));
});
