// deno-lint-ignore-file no-control-regex -- control characters are the point
import { assert, assertEquals, assertMatch } from "@std/assert";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { project, start } from "./task_sandbox.ts";
import { binary, Sandbox } from "./support.ts";

/** What must never leave haft as it is: controls, bidirectional and invisible characters. */
const ACTIVE = /(?![\t\n\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

const CLIPBOARD = "\\u001b]52;c;ZXZpbA==\\u0007";
const BIDI = "\\u202e\\u2066";
const CLEAR = "\\u001b[2J\\u001b[1;1H\\r";
/** As TOML writes them, in names and values alike. */
const EVIL = `x${CLIPBOARD}${BIDI}${CLEAR}\\u001b[31m\\u009b5A\\u200b`;

/** Manifests with the characters above in every place that a person may be shown. */
const MANIFESTS: [place: string, text: string][] = [
  ["an unknown key", `"${EVIL}" = 1\n`],
  ["a tool's name", `[tools]\n"${EVIL}" = "1"\n`],
  ["a tool's version", `[tools]\nnode = "${EVIL}"\n`],
  ["a tool's unknown option", `[tools.node]\nversion = "1"\n"${EVIL}" = 1\n`],
  ["a package's name", `[tools]\n"npm:${EVIL}" = "1"\n`],
  ["an app's name", `[apps."${EVIL}"]\ncommand = ["sleep", "60"]\n`],
  ["an app's command", `[apps.web]\ncommand = ["${EVIL}"]\n`],
  ["an app's directory", `[apps.web]\ncommand = ["sleep", "60"]\ncwd = "${EVIL}"\n`],
  ["an app's dependency", `[apps.web]\ncommand = ["sleep", "60"]\ndepends_on = ["${EVIL}"]\n`],
  ["a task's name", `[tasks."${EVIL}"]\nrun = "true"\n`],
  ["a task's command", `[tasks.t]\nrun = ["${EVIL}"]\n`],
  ["a task's dependency", `[tasks.t]\nrun = "true"\ndepends = ["${EVIL}"]\n`],
  ["a variable", `[env]\nA = "${EVIL}"\n`],
  ["a setting", `[settings]\nregistry = "${EVIL}"\n`],
  ["broken TOML", `a = "${EVIL}\n`],
];

const COMMANDS: string[][] = [
  ["sync", "--offline"],
  ["ls"],
  ["ls", "--json"],
  ["which", "node", "--why"],
  ["doctor"],
  ["trust", "--show"],
  ["trust"],
  ["app", "status"],
  ["app", "start"],
  ["app", "list"],
  ["task", "run", "t"],
  ["task", "list"],
  ["env", "--json"],
  ["complete", "--", "app", "start", ""],
  ["complete", "--", "task", "run", ""],
];

for (const [place, text] of MANIFESTS) {
  Deno.test(`${place} with control, bidirectional and invisible characters is shown, and never obeyed`, async () => {
    await using daemon = await project(binary, "");
    daemon.sandbox.manifest(text);
    for (const args of COMMANDS) {
      const { stdout, stderr } = await daemon.run(...args);
      assertEquals([args, ACTIVE.exec(stdout + stderr)], [args, null]);
    }
  });
}

Deno.test("words of the command line and names of directories are shown, and never obeyed", async () => {
  await using sandbox = await Sandbox.create();
  const evil = JSON.parse(`"${EVIL}"`);
  const directory = join(sandbox.project, `${evil}dir`);
  mkdirSync(directory);
  for (
    const args of [[evil], ["app", evil], [`--${evil}`], ["sync", `--${evil}`], ["which", evil], ["sync"], [
      "init",
    ]]
  ) {
    const piped = await sandbox.run(binary, { args, cwd: directory });
    const onTerminal = await sandbox.terminal(binary, { args, cwd: directory, columns: 80 });
    // The terminal adds carriage returns, and haft its own colours.
    const shown = onTerminal.stdout.replaceAll("\r\n", "\n").replaceAll(/\x1b\[(?:1|2|22|3[1-6]|39)m/g, "");
    for (const text of [piped.stdout, piped.stderr, shown]) {
      assertEquals([args, ACTIVE.exec(text)], [args, null]);
    }
  }
});

const OUTPUT = String
  .raw`printf '\033[31mred\033[0m \033]0;title\007\033]52;c;ZXZpbA==\007\033[2Jclear\r\033[1Aup \342\200\256bidi \033[?1049h\n'`;

Deno.test("a task's log is shown plain in a pipe, and keeps colours and nothing else with --color always", async () => {
  await using daemon = await project(binary, "");
  const plain = "red clear\nup \\u202ebidi \n";
  const colored = "\x1b[31mred\x1b[0m clear\nup \\u202ebidi \n";
  const id = await start(daemon, "--", "sh", "-c", OUTPUT);
  await daemon.run("task", "wait", id);
  assertEquals((await daemon.run("task", "logs", id)).stdout, plain);
  assertEquals((await daemon.run("task", "logs", id, "--color", "always")).stdout, colored);
});

Deno.test("an app's output is plain in a pipe, and keeps colours and nothing else with --color always", async () => {
  await using daemon = await project(binary, "");
  const started = await daemon.run("app", "start", "web", "--", "sh", "-c", `${OUTPUT}; sleep 60`);
  assertEquals(started.code, 0, started.stderr);
  const logs = async (...args: string[]) => {
    for (;;) {
      const { stdout } = await daemon.run("app", "logs", "web", ...args);
      if (stdout !== "") return stdout;
    }
  };
  assertEquals(await logs(), "web | red clear\nweb | up \\u202ebidi \n");
  const colored = await logs("--color", "always");
  assert(colored.includes("\x1b[31mred\x1b[0m clear\n"), colored);
  assertEquals(ACTIVE.exec(colored.replaceAll(/\x1b\[\d+m/g, "")), null);
});

Deno.test("--color refuses what is no choice, and always colours haft's own words in a pipe", async () => {
  await using sandbox = await Sandbox.create();
  const wrong = await sandbox.run(binary, { args: ["ls", "--color", "blue"] });
  assertEquals(wrong.code, 2);
  assertMatch(wrong.stderr, /--color takes auto, always, never, not "blue"/);
  const always = await sandbox.run(binary, { args: ["which", "nope", "--color", "always"] });
  assertMatch(always.stderr, /^\x1b\[1m\x1b\[31merror\x1b\[39m\x1b\[22m: /);
});

Deno.test("a line break in a directory's name makes no line of its own in what haft says", async () => {
  await using sandbox = await Sandbox.create({ registry: "http://127.0.0.1:9/" });
  const cwd = join(sandbox.root, "p\nerror: forged");
  mkdirSync(cwd);
  Deno.writeTextFileSync(join(cwd, "haft.toml"), '[tools]\nesbuild = "1"\n[tasks.t]\nrun = "true"\n');
  const commands = [
    "trust --show",
    "trust",
    "trust --list",
    "check",
    "doctor",
    "ls",
    "lock --offline",
    "init",
  ];
  for (const command of commands) {
    const { stdout, stderr } = await sandbox.run(binary, { args: command.split(" "), cwd });
    assert(!/^error: forged/m.test(stdout + stderr), `${command}: ${stdout}${stderr}`);
  }
});
