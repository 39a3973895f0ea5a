/** What the editor knows of a haft.toml: completion, definitions, lenses, words of the manual. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  completeManifest,
  type CompletionSource,
} from "../../../clients/vscode/src/model/complete_manifest.ts";
import { definitionOf } from "../../../clients/vscode/src/model/definition.ts";
import { markOf } from "../../../clients/vscode/src/model/diagnostics.ts";
import { lensesOf } from "../../../clients/vscode/src/model/lenses.ts";
import {
  describeSchema,
  keyText,
  schemaAt,
  wordsAt,
} from "../../../clients/vscode/src/model/manifest_schema.ts";
import { outlineOf } from "../../../clients/vscode/src/model/outline.ts";
import { quickFixesOf } from "../../../clients/vscode/src/model/quick_fixes.ts";
import { manifestWords } from "../../../scripts/editor/manifest_words.ts";
import { projectRoot } from "../../../scripts/support/project.ts";
import { SCHEMA_URL } from "../../../src/base/schema_url.ts";

const read = (...path: string[]) => readFileSync(join(projectRoot, ...path), "utf8");
const schema = JSON.parse(read("docs", "haft.schema.json"));
const words = manifestWords(read("docs", "manifest.md"));
const source: CompletionSource = {
  schema,
  words,
  tools: () =>
    Promise.resolve([{ name: "node", description: "JavaScript" }, { name: "go", description: "Go" }]),
  versions: () => Promise.resolve(["24.1.0", "22.0.0"]),
};

/** Completes at the `|` of a text. */
async function at(text: string): Promise<string[]> {
  const [before = ""] = text.split("|");
  const lines = before.split("\n");
  const position = { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 };
  return (await completeManifest(text.replace("|", ""), position, source)).map(({ label, insert }) =>
    insert ?? label
  );
}

const rows: [what: string, text: string, some: string[]][] = [
  ["sections", "[|", ["tools", "apps.", "tasks."]],
  ["tools that are not there yet", '[tools]\ngo = "1"\n|', ['node = "']],
  ["versions of a tool", '[tools]\nnode = "|"', ["24.1.0", "22.0.0"]],
  ["versions with the quote that is missing", '[tools]\nnode = "|', ['24.1.0"', '22.0.0"']],
  ["versions with quotes where there are none", "[tools]\nnode = |", ['"24.1.0"', '"22.0.0"']],
  ["keys of an app", "[apps.web]\nhea|", ["health = "]],
  ["keys of a table of an app", "[apps.web.health]\n|", ["http = ", "tcp = "]],
  ["words of an enum", "[apps.web]\nrestart = |", ['"always"', '"on-failure"']],
  ["true and false", "[tasks.a]\nhide = |", ["true", "false"]],
  ["tasks to depend on in a list of several lines", '[tasks]\nlint = "x"\n[tasks.a]\ndepends = [\n  "|"\n]', [
    "lint",
  ]],
  ["tasks to depend on", '[tasks]\nlint = "x"\n[tasks.a]\ndepends = ["|"]', ["lint"]],
];
for (const [what, text, some] of rows) {
  Deno.test(`completeManifest() offers ${what}`, async () => {
    const found = await at(text);
    assertEquals(some.filter((one) => !found.includes(one)), [], found.join(" "));
  });
}

Deno.test("completeManifest() leaves out keys that are there, and the task itself", async () => {
  assertEquals((await at('[tools]\nnode = "1"\n|')).includes('node = "'), false);
  assertEquals(await at('[tasks.a]\ndepends = ["|"]\n[tasks.b]\nrun = "x"'), ["b"]);
});

Deno.test("outlineOf() is not misled by lists, texts of several lines and comments", () => {
  const text =
    '[tasks.a]\nrun = """\n[tasks.fake]\nb = 1\n"""\nlist = [\n  "x", # [no]\n]\n[tasks."b.c"]\nd.e = 1\n';
  const { tables, keys } = outlineOf(text);
  assertEquals(tables.map(({ path, line }) => `${line} ${path.join("/")}`), ["0 tasks/a", "8 tasks/b.c"]);
  assertEquals(keys.map(({ key, line }) => `${line} ${key.join("/")}`), ["1 run", "5 list", "9 d/e"]);
});

Deno.test("definitionOf() goes from depends, depends_on and backend to what they name, and from nothing else", () => {
  const text = [
    "[tasks]",
    'lint = "x"',
    "[tasks.a]",
    'depends = ["lint", "b"]',
    'run = "lint"',
    "[tasks.b]",
    'backend = "server"',
    "[apps.web]",
    'depends_on = { db = "healthy" }',
    "[apps.db]",
    "[backends.server]",
  ].join("\n");
  const from = (line: number, word: string) => {
    const character = (text.split("\n")[line] ?? "").indexOf(word) + 1;
    return definitionOf(text, { line, character })?.line;
  };
  assertEquals(from(3, '"lint'), 1);
  assertEquals(from(3, '"b"'), 5);
  assertEquals(from(6, '"server'), 10);
  assertEquals(from(8, "db"), 9);
  assertEquals(from(4, '"lint'), undefined);
});

Deno.test("lensesOf() stands above tools, tasks and apps, not above their inner tables", () => {
  const text = '[tools]\n[tasks]\nlint = "x"\n[tasks.a]\n[tasks.a.env]\n[apps.web]\n';
  assertEquals(
    lensesOf(text, () => undefined).map(({ line, title, name }) => `${line} ${title} ${name ?? ""}`.trim()),
    [
      "0 Install",
      "0 Choose a version",
      "2 Run lint",
      "3 Run a",
      "5 Start web",
      "5 Stop web",
      "5 Restart web",
      "5 Logs web",
    ],
  );
});

Deno.test("lensesOf() has what fits an app's state", () => {
  const titles = (running: boolean) => lensesOf("[apps.web]\n", () => running).map(({ title }) => title);
  assertEquals(titles(true), ["Stop", "Restart", "Logs"]);
  assertEquals(titles(false), ["Start", "Logs"]);
});

Deno.test("quickFixesOf() offers the words that haft check takes for the meant ones", () => {
  const fixed = (message: string, key: string, line: string) =>
    quickFixesOf(message, key, line).map(({ title, start, end, text }) =>
      `${title}: ${line.slice(0, start)}${text}${line.slice(end)}`
    );
  assertEquals(
    fixed('key "tasks.a.rum" is not known\nDid you mean "run"?', "tasks.a.rum", 'rum = "rum"'),
    ['Change to "run": run = "rum"'],
  );
  assertEquals(
    fixed(
      'key "apps.web.restart" must be one of "no", "always", not "alway"\nDid you mean "always"?',
      "apps.web.restart",
      'restart = "alway" # no',
    ),
    ['Change to "always": restart = "always" # no'],
  );
  assertEquals(
    fixed('key "ap" is not known\nDid you mean "apps" or "env"?', "ap", "[ap.web]"),
    ['Change to "apps": [apps.web]', 'Change to "env": [env.web]'],
  );
  assertEquals(fixed('key "x" is not known\nKnown keys: a, b', "x", "x = 1"), []);
});

Deno.test("a hover has the manual's words and the schema's type", () => {
  assertStringIncludes(wordsAt(words, ["apps", "web", "command"]) ?? "", "a command");
  assertStringIncludes(wordsAt(words, ["apps", "web", "health", "http"]) ?? "", "an address");
  assertStringIncludes(wordsAt(words, ["settings", "jobs"]) ?? "", "");
  const depends = schemaAt(schema, ["tasks", "a", "depends"]);
  assertEquals(depends === undefined ? "" : describeSchema(depends), "string, or a list of string");
  const restart = schemaAt(schema, ["apps", "web", "restart"]);
  assertEquals(
    restart === undefined ? "" : describeSchema(restart),
    '"no" | "always" | "on-failure" | "unless-stopped"; "on-failure" unless it is set',
  );
  // What the manual says already is not said again.
  const [about = "", ...more] = keyText(wordsAt(words, ["apps", "web", "restart"]), restart);
  assertStringIncludes(about, "starts again when it has ended");
  assertEquals(more, []);
  assertEquals(keyText("a list", depends).length, 2);
});

Deno.test("markOf() underlines the word at the column that haft check names", () => {
  const problem = { file: "/p/haft.toml", line: 2, column: 3, key: "a", message: "M", next: "N", frame: "" };
  const { line, start, end, message } = markOf(problem, '  comand = "y"');
  assertEquals([line, start, end, message], [1, 2, 8, "M\nN"]);
  assertEquals(markOf({ ...problem, next: null, column: 9 }, "").end, 9);
});

Deno.test("the extension names the schema by its address, and its commands and settings are all declared", () => {
  const manifest = JSON.parse(read("clients", "vscode", "package.json"));
  assertEquals(manifest.contributes.tomlValidation, [{ fileMatch: "haft.toml", url: SCHEMA_URL }]);
  const declared = manifest.contributes.commands.map(({ command }: { command: string }) => command);
  const views = ["apps_view", "daemon_commands", "register_tools", "tasks_view"];
  const code = views.map((name) => read("clients", "vscode", "src", "view", `${name}.ts`)).join("");
  const registered = [...code.matchAll(/command\(\s*workspace,\s*"([\w.]+)"/g)].map(([, name]) => name);
  assertEquals(registered.toSorted(), declared.toSorted());
  const settings = Object.keys(manifest.contributes.configuration.properties).map((name) => name.slice(5));
  const known = [
    ...read("clients", "vscode", "src", "view", "settings.ts").matchAll(
      /^ {2}"?([\w.]+)"?: (?:string|boolean);/gm,
    ),
  ];
  assertEquals(known.map(([, name]) => name ?? "").toSorted(), settings.toSorted());
});
