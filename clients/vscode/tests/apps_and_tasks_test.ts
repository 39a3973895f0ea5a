/** Apps, tasks, problems and trust in a real editor, with a daemon that restarts meanwhile. */
import { assertEquals } from "@std/assert";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fakeTools } from "../../../tests/e2e/fake_tools.ts";
import { Editor } from "./editor.ts";

const MANIFEST = `[env]
GREETING = "from haft"

[apps.clock]
command = "while :; do echo tick; sleep 0.2; done"

[tasks.test]
run = "echo $GREETING > greeting; exit 3"

[tasks.greet]
run = "echo {{who}} > greeted"
args = { who = { choices = ["you", "me"] } }

[tasks.slow]
run = "while [ ! -e go ]; do sleep 0.1; done; echo $GREETING > went"
`;

/** VS Code's own ways to start something, which a project may have. */
const TASKS = {
  version: "2.0.0",
  tasks: [{ label: "say", type: "shell", command: "echo $GREETING > said", problemMatcher: [] }],
};
const DEBUG = {
  version: "0.2.0",
  configurations: [{
    name: "show",
    type: "node",
    request: "launch",
    program: "${workspaceFolder}/show.js",
    env: { OWN: "1" },
  }],
};
const SHOW = `const { GREETING, OWN } = process.env;
require("node:fs").writeFileSync(__dirname + "/shown", GREETING + " " + OWN);
`;

Deno.test("trust is shown and given; apps run and are followed through a restart; tasks end with their code", async () => {
  await using registry = await fakeTools();
  await using editor = await Editor.create({ registry: registry.url });
  const { sandbox } = editor;
  const manifest = join(sandbox.project, "haft.toml");
  writeFileSync(manifest, MANIFEST);
  const code = join(sandbox.project, ".vscode");
  mkdirSync(code);
  writeFileSync(join(code, "tasks.json"), JSON.stringify(TASKS));
  writeFileSync(join(code, "launch.json"), JSON.stringify(DEBUG));
  writeFileSync(join(sandbox.project, "show.js"), SHOW);
  await editor.open();
  await editor.showHaft();

  // haft's own trust: what can run is shown, and nothing has.
  await editor.row("Not trusted by haft").click();
  const dialog = editor.page.locator(".monaco-dialog-box");
  await dialog.filter({ hasText: 'env.GREETING = "from haft"' }).waitFor();
  await editor.screenshot("trust");
  await dialog.getByRole("button", { name: "Trust" }).click();
  await editor.row("Not trusted by haft").waitFor({ state: "detached" });

  // An app, and its log.
  await editor.command("haft: Start App");
  await editor.choice(/^clock/).click();
  await editor.row(/clock.*running/).waitFor();
  await editor.command("haft: Follow App Log");
  await editor.choice(/^clock/).click();
  const log = editor.page.locator(".terminal-wrapper.active .xterm-rows");
  await log.filter({ hasText: /tick/ }).waitFor();
  await editor.screenshot("apps");

  // The daemon restarts under the window: the app goes on, and so do its row and its log.
  await editor.haft("daemon", "restart");
  await editor.haft("app", "stop", "clock");
  await editor.row(/clock.*stopped/).waitFor();
  await editor.haft("app", "start", "clock");
  await editor.row(/clock.*running/).waitFor();
  await log.filter({ hasText: /tick/ }).waitFor();

  // A daemon that crashes is started again.
  process.kill(await editor.daemonPid(), "SIGKILL");
  await editor.until(() => editor.log().match(/Connected to the daemon/g)?.length === 3);
  await editor.row(/clock.*running/).waitFor();
  await editor.command("haft: Stop App");
  await editor.choice(/^clock/).click();
  await editor.row(/clock.*stopped/).waitFor();

  // A task that fails, among VS Code's own tasks.
  await editor.command("haft: Run Task");
  await editor.choice(/^test/).click();
  await editor.row(/test.*exit code 3/).waitFor();
  assertEquals(readFileSync(join(sandbox.project, "greeting"), "utf8"), "from haft\n");
  await editor.screenshot("tasks");

  // One that asks what it takes.
  await editor.command("haft: Run Task");
  await editor.choice(/^greet/).click();
  await editor.choice(/^me$/).click();
  await editor.until(() => existsSync(join(sandbox.project, "greeted")));

  // A run is cancelled, and run again.
  await editor.command("haft: Run Task");
  await editor.choice(/^slow/).click();
  await editor.row(/slow.*runs/).waitFor();
  await editor.rowAction(/slow.*runs/, "Cancel Run");
  await editor.row(/slow.*after/).waitFor();
  assertEquals(existsSync(join(sandbox.project, "went")), false);
  writeFileSync(join(sandbox.project, "go"), "");
  await editor.rowAction(/slow.*after/, "Run Again");
  await editor.row(/slow.*done/).waitFor();
  assertEquals(readFileSync(join(sandbox.project, "went"), "utf8"), "from haft\n");

  // Tasks of VS Code's and programs that are debugged have the project's variables.
  await editor.command("Tasks: Run Task");
  await editor.choice(/^say/).click();
  await editor.until(() => existsSync(join(sandbox.project, "said")));
  await editor.until(() => readFileSync(join(sandbox.project, "said"), "utf8") === "from haft\n");
  await editor.command("Debug: Start Debugging");
  await editor.until(() => existsSync(join(sandbox.project, "shown")));
  await editor.until(() => readFileSync(join(sandbox.project, "shown"), "utf8") === "from haft 1");

  // haft check's words, at its line and column.
  writeFileSync(manifest, `${MANIFEST}verzion = "1"\n`);
  await editor.openFile("haft.toml");
  // No extension here knows TOML.
  await editor.page.locator(".statusbar-item", { hasText: "TOML (haft)" }).waitFor();
  await editor.page.locator(".squiggly-error").first().waitFor();
  await editor.command("Problems: Focus on Problems View");
  const problem = editor.page.locator(".markers-panel .monaco-list-row", { hasText: "verzion" });
  await problem.filter({ hasText: `[Ln ${MANIFEST.split("\n").length}, Col 1]` }).waitFor();
  await editor.screenshot("problems");

  // Nothing was written among the editor's own settings.
  assertEquals(readdirSync(code), ["launch.json", "tasks.json"]);
});
