import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UsageError } from "../../../../src/base/errors.ts";
import { builtInCatalogue } from "../../../../src/tools/catalogue/catalogue.ts";
import { parseManifest as parseIn } from "../../../../src/tools/manifest/parse_manifest.ts";

function parseManifest(text: string, path: string) {
  return parseIn(text, path, builtInCatalogue);
}

Deno.test("parseManifest() reads tools as strings and tables, in their order, with where they stand", () => {
  const { requests } = parseManifest(
    `[tools]
node = "22"
"npm:@scope/cli" = "^1.2"

[tools.zig]
version = "latest"
source = "npm"
os = ["linux", "darwin"]
options = { level = 2 }
install_env = { CC = "gcc" }
`,
    "/p/haft.toml",
  );
  const at = (name: string) => ({ file: "/p/haft.toml", key: `tools.${name}` });
  assertEquals(requests, [
    { name: "node", version: "22", options: {}, installEnv: {}, definition: null, decidedBy: at("node") },
    {
      name: "npm:@scope/cli",
      version: "^1.2",
      options: {},
      installEnv: {},
      definition: null,
      decidedBy: at("npm:@scope/cli"),
    },
    {
      name: "zig",
      version: "latest",
      source: "npm",
      os: ["linux", "darwin"],
      options: { level: 2 },
      installEnv: { CC: "gcc" },
      definition: null,
      decidedBy: at("zig"),
    },
  ]);
});

Deno.test("parseManifest() reads variables, settings and mirrors; false takes a variable away", () => {
  const { env, settings, mirrors } = parseManifest(
    `[env]
NAME = "value"
GONE = false
[settings]
jobs = 2
auto_install = true
stall_timeout = 5
[mirrors]
"https://nodejs.org/dist/" = "http://127.0.0.1/node/"
`,
    "haft.toml",
  );
  assertEquals(env, { NAME: "value", GONE: null });
  assertEquals(settings, { jobs: 2, auto_install: true, stall_timeout: 5 });
  assertEquals(mirrors, { "https://nodejs.org/dist/": "http://127.0.0.1/node/" });
});

Deno.test("parseManifest() takes an empty file, CR LF, and the sections of other parts of haft", () => {
  assertEquals(parseManifest("", "haft.toml").requests, []);
  const text = '[tools]\r\nnode = "22"\r\n[apps.web]\r\ncommand = "x"\r\n[tasks.t]\r\n[backends.b]\r\n';
  assertEquals(parseManifest(text, "haft.toml").requests.map(({ name }) => name), ["node"]);
});

const wrong: [name: string, text: string, message: string, next: string | undefined][] = [
  [
    "an unknown section, with the nearest",
    '[tolls]\nnode = "22"',
    'Cannot read manifest "haft.toml": key "tolls" is not known',
    'Did you mean "tools"?',
  ],
  [
    "an unknown key of a tool, with the nearest",
    '[tools.node]\nversion = "22"\nsuorce = "npm"',
    'Cannot read manifest "haft.toml": key "tools.node.suorce" is not known',
    'Did you mean "source"?',
  ],
  [
    "an unknown key that is like none, with those that are known",
    "[settings]\nzzzzzz = 1",
    'Cannot read manifest "haft.toml": key "settings.zzzzzz" is not known',
    "Known keys: jobs, auto_install, stall_timeout, shell, legacy_env, version_files, remote_dependencies, dotenv",
  ],
  [
    "a tool without a version",
    '[tools.node]\nsource = "npm"',
    'Cannot read manifest "haft.toml": key "tools.node.version" is missing',
    undefined,
  ],
  [
    "a version that is a number",
    "[tools]\nnode = 22",
    'Cannot read manifest "haft.toml": key "tools.node" must be a version (`"1.2"`) or a table with one, not 22',
    undefined,
  ],
  [
    "a version that is a path",
    '[tools]\nnode = "../../x"',
    'Cannot read manifest "haft.toml": key "tools.node" must be a version such as "22", "^1.2" or "latest", not "../../x"',
    undefined,
  ],
  [
    "a name that is a path",
    '[tools]\n"../evil" = "1"',
    'Cannot read manifest "haft.toml": key "tools.../evil" is no name of a tool',
    'Write a name of the catalogue, such as "node", or a package, such as "npm:prettier"',
  ],
  [
    "a setting of the wrong type",
    '[settings]\njobs = "many"',
    'Cannot read manifest "haft.toml": key "settings.jobs" must be a number, not "many"',
    undefined,
  ],
  [
    "a variable that is a number",
    "[env]\nPORT = 80",
    'Cannot read manifest "haft.toml": key "env.PORT" must be a string or false, not 80',
    undefined,
  ],
];

for (const [name, text, message, next] of wrong) {
  Deno.test(`parseManifest() refuses ${name}`, () => {
    const error = assertThrows(() => parseManifest(text, "haft.toml"), UsageError);
    // The place is the next test's.
    const words = error.message.replace(/: haft\.toml:\d+:\d+: /, ' "haft.toml": ');
    const hint = error.next?.replace(/^\d+ \| .*\n +\| *\^\n?/, "");
    assertEquals([words, hint === "" ? undefined : hint], [message, next]);
  });
}

Deno.test("parseManifest() points at the key, with line, column and a caret", () => {
  const text = '[tools]\nnode = "22"\n\n[tools.esbuild]\n  verzion = "1"\nversion = "1"\n';
  const error = assertThrows(() => parseManifest(text, "haft.toml"), UsageError);
  assertEquals([error.message, error.next], [
    'Cannot read manifest: haft.toml:5:3: key "tools.esbuild.verzion" is not known',
    '5 |   verzion = "1"\n  |   ^\nDid you mean "version"?',
  ]);
});

Deno.test("parseManifest() points at the place of a syntax error", () => {
  const error = assertThrows(() => parseManifest('[tools]\nnode = "22\n', "/p/haft.toml"), UsageError);
  assertEquals(
    error.message.startsWith("Cannot read manifest: /p/haft.toml:2:"),
    true,
    error.message,
  );
  assertEquals(error.next?.split("\n")[0], '2 | node = "22');
});

Deno.test("a manifest that would keep haft busy for minutes is refused at once", () => {
  const deep = Array(60_000).fill("a").join(".");
  const rows: [text: string, why: string][] = [
    [`[tasks.${deep}]\nx = 1\n`, "its tables are more than 64 deep"],
    [`tasks.${deep} = 1\n`, "its tables are more than 64 deep"],
    [`[tools]\n${"# one of many comments\n".repeat(20_000)}`, "characters, 262144 at most"],
  ];
  for (const [text, why] of rows) {
    const error = assertThrows(() => parseManifest(text, "haft.toml"), UsageError);
    assertStringIncludes(error.message, why);
  }
});

for (const name of ["constructor", "__proto__", "prototype"]) {
  Deno.test(`a task, a tool or a variable called ${name} is refused, and not left out in silence`, () => {
    for (
      const text of [`[tasks]\n${name} = "true"\n`, `[tools]\n${name} = "1"\n`, `[env]\n${name} = "1"\n`]
    ) {
      const error = assertThrows(() => parseManifest(text, "haft.toml"), UsageError);
      assertStringIncludes(error.message, `nothing can be called "${name}"`);
    }
  });
}
