/** haft.toml in a real editor, with a TOML extension and without; and the API, used by another extension. */
import { assertEquals, assertMatch } from "@std/assert";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fakeTools } from "../../../tests/e2e/fake_tools.ts";
import { Editor } from "./editor.ts";

const MANIFEST = `[tools]
esbuild = "1.0"

[tasks.lint]
run = "echo lint"

[tasks.build]
run = "echo build > built"
depends = ["lint"]

[apps.web]
command = "while :; do sleep 1; done"

[env]
GREETING = "from haft"
`;

/** As TOML extensions declare the language: quotes close themselves, and words are TOML's. */
const TOML = {
  "package.json": JSON.stringify({
    name: "toml",
    publisher: "tests",
    version: "1.0.0",
    engines: { vscode: "^1.90.0" },
    contributes: {
      languages: [{
        id: "toml",
        aliases: ["TOML"],
        extensions: [".toml"],
        configuration: "./language.json",
      }],
    },
  }),
  "language.json": JSON.stringify({
    comments: { lineComment: "#" },
    autoClosingPairs: [['"', '"'], ["[", "]"]],
  }),
};

/** Writes down what it is given, at each change. */
const API_USER = {
  "package.json": JSON.stringify({
    name: "user",
    publisher: "tests",
    version: "1.0.0",
    engines: { vscode: "^1.90.0" },
    main: "./main.js",
    activationEvents: ["onStartupFinished"],
  }),
  "main.js": `
const vscode = require("vscode");
const { renameSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
exports.activate = async () => {
  const { api } = await vscode.extensions.getExtension("haft.haft").activate();
  const [{ uri }] = vscode.workspace.workspaceFolders;
  const look = async () => {
    const { version, executable } = await api.resolve("esbuild", uri);
    const { path, env } = await api.env(uri);
    // In one step: the test reads it at any time.
    const file = join(uri.fsPath, "..", "api.json");
    writeFileSync(file + ".new", JSON.stringify({ version, executable, path, env }));
    renameSync(file + ".new", file);
  };
  api.onDidChange((folder) => { if (folder.fsPath === uri.fsPath) look().catch(() => {}); });
  await look();
};
`,
};

Deno.test("haft.toml is completed, explained, followed and run from, with a TOML extension and without", async () => {
  await using registry = await fakeTools();
  const extensions = { "tests.toml-1.0.0": TOML, "tests.user-1.0.0": API_USER };
  await using editor = await Editor.create({
    registry: registry.url,
    extensions,
  });
  const { sandbox, page } = await opened(editor);
  const written = () => readFileSync(join(sandbox.project, "haft.toml"), "utf8");
  const seen = () => JSON.parse(readFileSync(join(sandbox.root, "api.json"), "utf8"));

  await page.locator(".statusbar-item", { hasText: "TOML" }).waitFor();
  // The API has what a terminal has.
  await editor.until(() =>
    existsSync(join(sandbox.root, "api.json")) &&
    seen().env.GREETING === "from haft"
  );
  assertEquals([seen().version, seen().env], ["1.0.0", {
    GREETING: "from haft",
  }]);
  assertMatch(seen().executable, /store\/esbuild\/1\.0\.0\//);

  // A tool and its version, each chosen from a list; a key that is typed leads to its values.
  const complete = async (
    line: number,
    typed: string,
    ...choices: string[]
  ) => {
    await editor.goTo(line, 1);
    await page.keyboard.type(typed);
    for (const choice of choices) {
      const row = page.locator(".suggest-widget .monaco-list-row", {
        hasText: choice,
      });
      await row.first().waitFor();
      await row.first().click();
    }
    await page.keyboard.press("Control+S");
  };
  await complete(3, "biom", "biome", "2.0.0");
  await editor.until(() => written().includes('\nbiome = "2.0.0"\n'));
  await editor.row(/biome.*not installed/).waitFor();
  await editor.haft("sync");

  // The same without an extension that knows TOML.
  await editor.command("Change Language Mode");
  await page.locator(".quick-input-list .monaco-list-row", {
    hasText: "Auto Detect",
  }).waitFor();
  await page.locator(".quick-input-widget .quick-input-box input").fill(
    "Plain Text",
  );
  await page.locator(".quick-input-list .monaco-list-row", {
    hasText: "Plain Text",
  }).first().click();
  await page.locator(".statusbar-item", { hasText: "Plain Text" }).waitFor();
  await complete(6, "hid", "hide", "true");
  await editor.until(() => written().includes("\nhide = true\n"));

  // Words of the manual, of the catalogue and of the project.
  const hover = page.locator(".monaco-hover .hover-contents");
  const explained = async (line: number, column: number, words: RegExp) => {
    await editor.goTo(line, column);
    await editor.command("Show or Focus Hover");
    await hover.filter({ hasText: words }).first().waitFor();
    await page.keyboard.press("Escape");
  };
  await explained(2, 2, /bundler[^]*Installed: 1\.0\.0/);
  await explained(9, 2, /list of string/);

  await editor.haft("trust");
  // From depends to the task, and from the lens to its run.
  await editor.goTo(9, 14);
  await page.keyboard.press("F12");
  await editor.cursor(4, 1);
  const lens = (title: string) =>
    page.locator(".codelens-decoration a", {
      hasText: new RegExp(`^${title}$`),
    });
  await lens("Start").click();
  await editor.row(/web.*running/).waitFor();
  await lens("Stop").waitFor();
  await editor.screenshot("lenses", 480);
  // Both of them: where lenses stand in the page is not where they stand in the file.
  await lens("Run").nth(0).click();
  await lens("Run").nth(1).click();
  await editor.until(() => existsSync(join(sandbox.project, "built")));

  // What is wrong is underlined before it is saved, as haft check says it, and gone when it is mended.
  await editor.openFile("haft.toml");
  await editor.goTo(13, 1);
  await page.keyboard.type("verzion = 1");
  await page.locator(".squiggly-error").first().waitFor();
  await editor.command("Problems: Focus on Problems View");
  const problem = page.locator(".markers-panel .monaco-list-row", {
    hasText: "verzion",
  });
  await problem.filter({ hasText: "[Ln 13, Col 1]" }).waitFor();
  await editor.openFile("haft.toml");
  await editor.goTo(13, 1);
  await page.keyboard.press("Shift+End");
  await page.keyboard.press("Delete");
  await page.locator(".squiggly-error").first().waitFor({ state: "detached" });
  // What haft takes for the meant word is a quick fix.
  await editor.goTo(13, 1);
  await page.keyboard.type('restrt = "no"');
  await page.locator(".squiggly-error").first().waitFor();
  await editor.goTo(13, 3);
  await page.keyboard.press("Control+.");
  await page.locator(".action-widget .monaco-list-row.focused", {
    hasText: 'Change to "restart"',
  }).waitFor();
  await page.keyboard.press("Enter");
  await page.locator(".view-line", { hasText: /^restart.=.*no/ }).waitFor();
  await page.locator(".squiggly-error").first().waitFor({ state: "detached" });

  // The other extension hears of a change of the project.
  writeFileSync(
    join(sandbox.project, "haft.toml"),
    MANIFEST.replace("from haft", "again"),
  );
  await editor.haft("trust");
  await editor.until(() => seen().env.GREETING === "again");
});

/** A window with the project, whose tool is installed, and its haft.toml. */
async function opened(editor: Editor) {
  const { sandbox } = editor;
  writeFileSync(join(sandbox.project, "haft.toml"), MANIFEST);
  await editor.haft("trust");
  await editor.haft("sync");
  const page = await editor.open();
  await editor.showHaft();
  await editor.row(/esbuild.*1\.0\.0/).waitFor();
  await editor.openFile("haft.toml");
  return { sandbox, page };
}
