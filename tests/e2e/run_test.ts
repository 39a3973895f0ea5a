import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import type { TaskInfo } from "../../src/protocol/methods/task_methods.ts";
import { until } from "../support/until.ts";
import { DaemonSandbox, untilGone } from "./daemon_sandbox.ts";
import { binary, isGone, Sandbox } from "./support.ts";
import { killDaemon, project, start, task } from "./task_sandbox.ts";

async function newest(daemon: Awaited<ReturnType<typeof project>>): Promise<TaskInfo> {
  const { tasks: [last] } = await daemon.call("task.list", { cwd: daemon.sandbox.project }) as {
    tasks: TaskInfo[];
  };
  if (last === undefined) throw new Error("no task");
  return last;
}

Deno.test("haft run needs no daemon; one that starts later knows the task, its log and its end", async () => {
  await using daemon = await project(binary, '[tasks]\ngood = "echo fine"\nbad = "echo worse >&2; exit 7"\n');
  const good = await daemon.run("run", "good");
  assertEquals([good.code, good.stdout, good.stderr], [0, "fine\n", ""]);
  assertEquals((await daemon.run("daemon", "status")).code, 3);
  const bad = await daemon.run("run", "bad");
  assertEquals([bad.code, bad.stdout], [7, ""]);
  assertStringIncludes(bad.stderr, "worse\n");
  const last = await newest(daemon);
  assertEquals([last.name, last.state, last.reason, last.exit_code], ["bad", "aborted", "failed", 7]);
  assertEquals((await daemon.run("task", "logs", last.id)).stdout, "worse\n");
});

Deno.test("a task that haft run ran without a daemon ended when it ended, not when a daemon first looked", async () => {
  await using daemon = await project(
    binary,
    '[tasks]\ngood = "true"\nbad = "exit 7"\nlong = { run = "sleep 600", timeout = "100ms" }\n' +
      'gone = "echo begun; exec sleep 600"\nlost = "echo $$; exec sleep 600"\n',
  );
  for (const name of ["good", "bad", "long"]) await daemon.run("run", name);
  await daemon.sandbox.run(binary, {
    args: ["run", "gone"],
    onOutput: ({ pid, stdout }) => stdout.includes("begun") && process.kill(pid, "SIGTERM"),
  });
  await daemon.sandbox.run(binary, {
    args: ["run", "lost"],
    onOutput: ({ pid, stdout }) => {
      process.kill(pid, "SIGKILL");
      process.kill(Number(stdout), "SIGKILL");
    },
  });
  assertEquals((await daemon.run("daemon", "status")).code, 3);
  const before = Date.now();
  const { tasks } = await daemon.call("task.list", { cwd: daemon.sandbox.project }) as { tasks: TaskInfo[] };
  assertEquals(tasks.map(({ name, reason }) => [name, reason]), [
    ["lost", "lost"],
    ["gone", "cancelled"],
    ["long", "timed_out"],
    ["bad", "failed"],
    ["good", null],
  ]);
  for (const { name, started_at: began, ended_at: ended } of tasks) {
    assert(
      began !== null && ended !== null && began <= ended && ended <= before,
      `${name}: ${began} ${ended}`,
    );
  }
});

Deno.test("a running daemon tells subscribers of a task in front, and can cancel it", async () => {
  await using daemon = await project(
    binary,
    '[tasks]\nquick = "true"\nslow = "echo begun; exec sleep 600"\n',
  );
  await daemon.start();
  const { stdout } = await daemon.sandbox.shell(
    binary,
    `haft ipc-send --subscribe 'task.*' --count 5 --for 30s > events &
     until haft ipc-send --no-spawn client.list | grep -q subscription_id; do sleep 0.02; done
     haft run quick; wait; cat events`,
  );
  assertEquals(
    stdout.trim().split("\n").map((line) => JSON.parse(line).event),
    ["task.created", "task.queued", "task.started", "task.completed", "task.resumable"],
  );
  let cancelled: Promise<unknown> | undefined;
  const slow = await daemon.sandbox.run(binary, {
    args: ["run", "slow"],
    onOutput: ({ stdout }) => {
      if (stdout.includes("begun")) {
        cancelled ??= newest(daemon).then(({ id }) => daemon.run("task", "cancel", id));
      }
    },
  });
  await cancelled;
  assertEquals(slow.code, 130, slow.stderr);
  const last = await newest(daemon);
  assertEquals([last.state, last.reason], ["aborted", "cancelled"]);
});

Deno.test("kill -9 of haft run leaves its command to the daemon, which knows it and can end it", async () => {
  await using daemon = await project(binary, '[tasks]\nslow = "echo begun; exec sleep 600"\n');
  await daemon.start();
  await daemon.sandbox.run(binary, {
    args: ["run", "slow"],
    onOutput: ({ pid, stdout }) => {
      if (stdout.includes("begun")) process.kill(pid, "SIGKILL");
    },
  });
  const { id, state, pid } = await newest(daemon);
  assertEquals([state, isGone(pid ?? 0)], ["running", false]);
  await daemon.run("task", "cancel", id);
  assertEquals([(await task(daemon, id)).state, isGone(pid ?? 0)], ["aborted", true]);
});

Deno.test("a task has its caller's environment: haft run, and task start over a daemon that was started with another", async () => {
  await using daemon = await project(binary, "[tasks]\nshow = 'echo \"$FOO|$TERM_SESSION_ID\"'\n");
  await daemon.start();
  const env = { FOO: "secret-value", TERM_SESSION_ID: "x" };
  const run = (...args: string[]) => daemon.sandbox.run(binary, { args, env });
  assertEquals((await run("run", "show")).stdout, "secret-value|x\n");
  const id = (await run("task", "start", "show")).stdout.trim();
  await daemon.run("task", "wait", id);
  assertEquals((await daemon.run("task", "logs", id)).stdout, "secret-value|\n");
  writeFileSync(join(daemon.sandbox.project, "more.env"), "FOO=from file\n");
  assertEquals((await run("run", "show", "--env-file", "more.env")).stdout, "from file|x\n");
  assertEquals((await run("run", "--no-inherit", "show")).stdout, "|\n");
  // No file of haft's holds the variable's value, except the logs of tasks that print it.
  const { stdout } = await daemon.sandbox.shell(
    binary,
    `grep -rl secret-value "$HAFT_HOME" | grep -v /logs/; true`,
  );
  assertEquals(stdout, "");
});

Deno.test("arguments: appended, placed, by name, by place, with defaults and choices; a task's --help shows them", async () => {
  await using daemon = await project(
    binary,
    `[tasks]
plain = "echo got"
placed = "echo first {{args}} last"
each = 'for word in "$@"; do echo "<$word>"; done'
words = ["echo", "words"]
[tasks.deploy]
run = "echo to {{env}} as $HAFT_ARG_USER"
description = "Ship it"
[tasks.deploy.args]
env = { default = "dev", choices = ["dev", "prod"], description = "Where to" }
user = { default = "me" }
`,
  );
  const run = async (...args: string[]) => (await daemon.run("run", ...args)).stdout;
  assertEquals(await run("plain", "--", "--watch", "b c"), "got --watch b c\n");
  assertEquals(await run("placed", "--", "b  c"), "first b  c last\n");
  assertEquals(await run("each", "--", "b c", "$HOME"), "<b c>\n<$HOME>\n");
  assertEquals(await run("words", "--", "*"), "words *\n");
  assertEquals(await run("deploy"), "to dev as me\n");
  assertEquals(await run("deploy", "prod", "you"), "to prod as you\n");
  assertEquals(await run("deploy", "--env=prod", "--user", "x y"), "to prod as x y\n");
  const wrong = await daemon.run("run", "deploy", "--env", "moon");
  assertEquals(wrong.code, 2);
  assertStringIncludes(wrong.stderr, '--env is dev, prod, not "moon"');
  assertStringIncludes((await daemon.run("run", "deploy", "--evn", "prod")).stderr, 'Did you mean "--env"?');
  const help = await run("deploy", "--help");
  assertStringIncludes(help, "Ship it");
  assertMatch(help, /--env ENV +Where to; one of dev, prod; default: dev/);
});

Deno.test("stdin: a task alone in front reads haft's, also from a terminal; one of several reads none", async () => {
  await using daemon = await project(
    binary,
    `[tasks]
cat = "cat"
tty = "test -t 0 && test -t 1 && test -t 2 && echo yes || echo no"
both = { depends = ["cat", "tty"] }
`,
  );
  assertEquals((await daemon.sandbox.shell(binary, "echo hello | haft run cat")).stdout, "hello\n");
  const inTerminal = (...args: string[]) => daemon.sandbox.terminal(binary, { args, columns: 80 });
  assertMatch((await inTerminal("run", "tty")).stdout, /^yes\r?$/m);
  assertMatch((await inTerminal("run", "--no-tty", "tty")).stdout, /^no\r?$/m);
  const { code, stdout } = await daemon.sandbox.shell(binary, "echo hello | haft run both");
  assertEquals([code, stdout], [0, "tty | no\n"]);
});

Deno.test("--record keeps what a task draws that has the terminal, with its colours, size and exit code", async () => {
  await using daemon = await project(
    binary,
    `[tasks.ask]
run = "stty size; printf '\\\\033[31mred\\\\033[0m\\\\n'; read word; echo got $word; tty >&2; exit 5"
`,
  );
  const run = (...args: string[]) =>
    daemon.sandbox.terminal(binary, {
      args: ["run", ...args, "ask"],
      columns: 91,
      typed: [{ after: "red", keys: "hello\r" }],
    });
  const recorded = await run("--record");
  assertEquals(recorded.code, 5, recorded.stdout);
  for (const part of ["24 91\r\n\u001b[31mred\u001b[0m\r\n", "\r\ngot hello\r\n/dev/"]) {
    assertStringIncludes(recorded.stdout, part);
  }
  const { id, exit_code, log } = await newest(daemon);
  assertEquals(exit_code, 5);
  assertStringIncludes(readFileSync(log, "utf8"), "\u001b[31mred\u001b[0m\r\n");
  assertMatch((await daemon.run("task", "logs", id)).stdout, /^24 91\r?\nred\r?\n/);
  // Without it, the log says how to keep it.
  assertEquals((await run()).code, 5);
  const plain = await daemon.run("task", "logs", (await newest(daemon)).id);
  assertEquals([plain.code, plain.stdout], [0, ""]);
  assertStringIncludes(plain.stderr, "haft run --record");
});

Deno.test("Ctrl-C is the business of the program that has the terminal, recorded or not", async () => {
  await using daemon = await project(
    binary,
    `[tasks.prompt]
run = """#!/bin/bash
trap 'echo caught' INT
echo ready
# Bash misses a signal that comes just before it reads: the limit lets it look again.
until read -r -t 1 word; do :; done
echo "got $word"
exit 6"""
[tasks.wait]
run = "echo waits; exec sleep 600"
`,
  );
  for (const flags of [[], ["--record"]]) {
    const prompt = await daemon.sandbox.terminal(binary, {
      args: ["run", ...flags, "prompt"],
      columns: 80,
      typed: [
        { after: "ready", keys: "\u0003" },
        { after: "caught", keys: "\u0003" },
        { after: "caught", keys: "word\r" },
      ],
    });
    assertEquals(prompt.code, 6, prompt.stdout);
    assertStringIncludes(prompt.stdout, "got word");
    assertEquals((await newest(daemon)).reason, "failed");
    const wait = await daemon.sandbox.terminal(binary, {
      args: ["run", ...flags, "wait"],
      columns: 80,
      typed: [{ after: "waits", keys: "\u0003" }],
    });
    assertEquals(wait.code, 130, wait.stdout);
    assertEquals((await newest(daemon)).reason, "cancelled");
  }
});

Deno.test("a word after a task's name: a mistyped option of haft's is noted, a word without a task gets a hint", async () => {
  await using daemon = await project(binary, '[tasks]\nsay = "echo"\n');
  const mistyped = await daemon.run("run", "say", "--forse");
  assertEquals([mistyped.code, mistyped.stdout], [0, "--forse\n"]);
  assertStringIncludes(mistyped.stderr, '--forse goes to task "say". Did you mean haft\'s --force?');
  for (const args of [["--watch"], ["--", "--forse"]]) {
    assertEquals((await daemon.run("run", "say", ...args)).stderr, "");
  }
  const word = await daemon.run("run", "say", "a", "b");
  assertEquals(word.code, 2);
  assertStringIncludes(word.stderr, 'Words for "say" follow --: haft run say -- a');
  const words = await daemon.run("run", "say", "a b");
  assertStringIncludes(words.stderr, "haft run say -- 'a b' …");
});

Deno.test("--help of a task with a required parameter shows it, and asks for no value", async () => {
  await using daemon = await project(
    binary,
    '[tasks.deploy]\nrun = "true"\nargs.env = { choices = ["dev", "prod"] }\n',
  );
  const { code, stdout, stderr } = await daemon.run("run", "deploy", "--help");
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /--env ENV +one of dev, prod; required/);
});

Deno.test("a reader that goes early ends haft run quietly; a number of jobs that is none is refused", async () => {
  await using daemon = await project(binary, '[tasks]\nseq = "seq 1 200000"\n');
  for (let time = 0; time < 5; time++) {
    const { stdout, stderr } = await daemon.sandbox.shell(binary, "haft run seq | head -1");
    assertEquals([stdout, stderr], ["1\n", ""]);
  }
  for (const jobs of ["0", "-1", "x", "1e9"]) {
    assertEquals((await daemon.run("run", `--jobs=${jobs}`, "seq")).code, 2, jobs);
  }
});

Deno.test("--no-tty keeps the terminal from a task: what it prints moves no cursor and sets no clipboard", async () => {
  await using daemon = await project(
    binary,
    String.raw`[tasks]
wild = 'printf "\033]52;c;AAAA\007\033[2J\033[31mred\033[0m\n"'
`,
  );
  const inTerminal = async (...args: string[]) =>
    (await daemon.sandbox.terminal(binary, { args: ["run", ...args, "wild"], columns: 80 })).stdout;
  const kept = await inTerminal("--no-tty");
  assertStringIncludes(kept, "\u001b[31mred\u001b[0m");
  assertEquals([kept.includes("\u001b]52"), kept.includes("\u001b[2J")], [false, false]);
  assertStringIncludes(await inTerminal("--no-tty", "--output", "raw"), "\u001b]52;c;AAAA");
});

Deno.test("output: whole lines with their task's name, each on its own stream; grouped, quiet, raw, timestamps", async () => {
  const lines = "for i in 1 2 3 4 5; do printf '%s-' a; sleep 0.01; echo $i; echo e$i >&2; done";
  await using daemon = await project(
    binary,
    `[tasks]
one = "${lines}"
two = "${lines}"
both = { depends = ["one", "two"] }
`,
  );
  const run = async (...args: string[]) => await daemon.run("run", ...args);
  const prefixed = await run("both");
  assertEquals(
    prefixed.stdout.trim().split("\n").toSorted(),
    ["one", "two"].flatMap((name) => [1, 2, 3, 4, 5].map((n) => `${name} | a-${n}`)),
  );
  assertMatch(prefixed.stderr, /^one \| e1$/m);
  const grouped = (await run("both", "--output", "grouped", "-j", "2")).stdout.trim().split("\n");
  assertEquals(new Set(grouped.slice(0, 5).map((line) => line.slice(0, 3))).size, 1);
  const quiet = await run("one", "two", "--output=quiet");
  assertEquals([
    quiet.stdout.split("\n").length,
    quiet.stdout.includes("|"),
    quiet.stderr.includes("completed"),
  ], [
    11,
    false,
    false,
  ]);
  assertEquals((await run("one", "--output", "raw")).stdout, "a-1\na-2\na-3\na-4\na-5\n");
  assertMatch((await run("one", "--timestamps")).stdout, /^\d\d:\d\d:\d\d\.\d{3} a-1$/m);
  const wrong = await run("one", "--output", "loud");
  assertEquals(wrong.code, 2);
});

Deno.test("the first failure ends the others and the run; with --keep-going only what depends on it is left out", async () => {
  await using daemon = await project(
    binary,
    `[tasks]
fails = "exit 9"
slow = "sleep 30; echo slow"
late = "sleep 0.3; echo late"
after = { run = "echo after", depends = ["fails"] }
`,
  );
  const fast = await daemon.run("run", "slow", "fails", "-j", "2");
  assertEquals([fast.code, fast.stdout], [9, ""]);
  assertMatch(fast.stderr, /slow: cancelled/);
  const going = await daemon.run("run", "late", "after", "-k");
  assertEquals([going.code, going.stdout], [9, "late  | late\n"]);
  assertStringIncludes(going.stderr, "after is not run: what it depends on was not completed");
});

Deno.test("inputs: a pattern without a match runs the task, a directory stands for its files, brackets in a name are a name", async () => {
  await using daemon = await project(
    binary,
    `[tasks]
none = { run = "echo ran", inputs = ["nothing/**"] }
tree = { run = "echo ran", inputs = ["src", "!src/skip"] }
page = { run = "echo ran", inputs = ["app/[id]/page.tsx"] }
sub = { run = "echo ran", dir = "app", inputs = ["sub.txt"] }
`,
  );
  const at = (...parts: string[]) => join(daemon.sandbox.project, ...parts);
  for (const path of ["src/deep", "src/skip", "app/[id]", "app/i"]) mkdirSync(at(path), { recursive: true });
  const write = (path: string, text: string) => writeFileSync(at(path), text);
  for (
    const path of ["src/deep/a.ts", "src/skip/b.ts", "app/[id]/page.tsx", "app/i/page.tsx", "app/sub.txt"]
  ) {
    write(path, "1");
  }
  const ran = async (name: string, ...flags: string[]) =>
    (await daemon.run("run", name, ...flags)).stdout === "ran\n";
  assertEquals([await ran("none"), await ran("none")], [true, true]);
  assertStringIncludes(
    (await daemon.run("run", "none", "-v")).stderr,
    'inputs: "nothing/**" matches nothing',
  );
  assertEquals([await ran("tree"), await ran("tree"), await ran("tree", "--force")], [true, false, true]);
  write("src/skip/b.ts", "2");
  assertEquals(await ran("tree"), false);
  write("src/deep/a.ts", "2");
  assertEquals(await ran("tree"), true);
  assertEquals([await ran("page"), await ran("page")], [true, false]);
  write("app/i/page.tsx", "2");
  assertEquals(await ran("page"), false);
  write("app/[id]/page.tsx", "2");
  assertEquals(await ran("page"), true);
  assertEquals([await ran("sub"), await ran("sub")], [true, false]);
  assertStringIncludes((await daemon.run("run", "sub", "-v")).stderr, "as they were at its last completion");
  // What haft run completed counts for the daemon, and the other way round.
  const id = await start(daemon, "sub");
  await daemon.run("task", "wait", id);
  assertEquals((await task(daemon, id)).skipped, true);
});

Deno.test("haft run needs no runtime directory to be there: it makes the one that XDG_RUNTIME_DIR names", async () => {
  await using sandbox = await Sandbox.create();
  sandbox.manifest('[tasks]\nt = "echo ran"\n');
  const env = { XDG_RUNTIME_DIR: join(sandbox.root, "not", "made"), HAFT_TRUST: "1" };
  const { stdout, stderr } = await sandbox.run(binary, { args: ["run", "t"], env });
  assertEquals([stdout, stderr], ["ran\n", ""]);
});

Deno.test("if and status decide whether a task runs, and a task that is skipped says which of them", async () => {
  await using daemon = await project(
    binary,
    `[tasks]
maybe = { run = "echo ran", if = "test -e wanted" }
once = { run = "touch done; echo ran", status = "test -e done" }
`,
  );
  const run = async (...args: string[]) => (await daemon.run("run", ...args));
  assertEquals((await run("maybe")).stderr, "maybe: skipped, its condition (if) is not met\n");
  assertEquals((await run("maybe", "--force")).stderr, "maybe: skipped, its condition (if) is not met\n");
  const inDaemon = await start(daemon, "maybe");
  await daemon.run("task", "wait", inDaemon);
  const { skipped, skip_reason: reason } = await task(daemon, inDaemon);
  assertEquals([skipped, reason], [true, "if"]);
  assertMatch(
    (await daemon.run("task", "status", inDaemon)).stdout,
    /skipped, its condition \(if\) is not met/,
  );
  writeFileSync(join(daemon.sandbox.project, "wanted"), "");
  assertEquals((await run("maybe")).stdout, "ran\n");
  assertEquals((await run("once")).stdout, "ran\n");
  assertEquals((await run("once")).stderr, "once: skipped, its status says that it is done\n");
  assertEquals((await run("once", "--force")).stdout, "ran\n");
  const { tasks } = await daemon.call("task.list", { cwd: daemon.sandbox.project }) as { tasks: TaskInfo[] };
  assertEquals(tasks.filter(({ skip_reason }) => skip_reason === "status").length, 1);
});

Deno.test("a project's shape: aliases, groups, several commands, depends_post, platforms, dotenv, dir, env, confirm", async () => {
  await using daemon = await project(
    binary,
    `[env]
FROM_PROJECT = "p"
[tasks]
steps = { run = [["echo", "one two"], "echo three; true", ["echo", "four"]], aliases = ["s"] }
stops = { run = [["false"], ["echo", "never"]] }
before = { run = "echo before >> order" }
after = { run = "echo after >> order" }
main = { run = "echo main >> order", depends = "before", depends_post = "after" }
group = { depends = ["steps", "env"] }
elsewhere = { run = "echo here", platforms = ["windows"] }
env = { run = "echo $FROM_PROJECT $FROM_FILE $OWN", dotenv = [".env", "missing.env"], env = { OWN = "o" } }
where = { run = "pwd", dir = "sub" }
caller = { run = "pwd", dir = "{{cwd}}" }
asks = { run = "echo sure", confirm = "Really?" }
secret = { run = "echo psst", hide = true, description = "Hidden" }
`,
  );
  mkdirSync(join(daemon.sandbox.project, "sub", "deep"), { recursive: true });
  writeFileSync(join(daemon.sandbox.project, ".env"), "FROM_FILE=f\n");
  const run = async (...args: string[]) => await daemon.run("run", ...args);
  assertEquals((await run("s")).stdout, "one two\nthree\nfour\n");
  assertEquals([(await run("stops")).code, (await run("stops")).stdout], [1, ""]);
  assertEquals((await run("main")).code, 0);
  assertEquals(readFileSync(join(daemon.sandbox.project, "order"), "utf8"), "before\nmain\nafter\n");
  assertEquals((await run("group")).stdout.split("\n").toSorted().filter((line) => line.includes("env")), [
    "env   | p f o",
  ]);
  const other = await run("elsewhere");
  assertEquals([other.code, other.stdout], [0, ""]);
  assertStringIncludes(other.stderr, "it runs on windows only");
  const sub = join(daemon.sandbox.project, "sub");
  assertEquals((await run("where")).stdout, `${sub}\n`);
  const deep = join(sub, "deep");
  const from = async (...args: string[]) => (await daemon.sandbox.run(binary, { args, cwd: deep })).stdout;
  assertEquals(await from("run", "caller"), `${deep}\n`);
  assertEquals((await run("asks")).code, 1);
  assertEquals((await run("asks", "--yes")).stdout, "sure\n");
  const listed = await daemon.run("tasks");
  assertMatch(listed.stdout, /^steps, s/m);
  assertEquals(listed.stdout.includes("secret"), false);
  assertStringIncludes((await daemon.run("tasks", "--all")).stdout, "Hidden");
});

Deno.test("monorepos: //path:task, tasks of the directories above, and dependencies across projects", async () => {
  await using daemon = await project(
    binary,
    `[tasks]
shared = "echo shared in $PWD"
all = { depends = ["//packages/web:test"] }
`,
  );
  const web = join(daemon.sandbox.project, "packages", "web");
  mkdirSync(web, { recursive: true });
  writeFileSync(
    join(web, "haft.toml"),
    '[tasks]\ntest = { run = "echo web in $PWD", depends = ["//:shared"] }\n',
  );
  const inWeb = (...args: string[]) => daemon.sandbox.run(binary, { args, cwd: web });
  await inWeb("trust");
  assertEquals((await inWeb("run", "shared")).stdout, `shared in ${daemon.sandbox.project}\n`);
  const lines = [`shared | shared in ${daemon.sandbox.project}`, `test   | web in ${web}`];
  assertEquals((await daemon.run("run", "//packages/web:test")).stdout.trim().split("\n"), lines);
  assertStringIncludes((await inWeb("tasks")).stdout, "shared");
  const id = (await inWeb("task", "start", "shared")).stdout.trim();
  await daemon.run("task", "wait", id);
  assertEquals((await task(daemon, id)).root, daemon.sandbox.project);
});

Deno.test("a task's depends mean what its own file sees, from whichever directory it is run", async () => {
  await using daemon = await project(
    binary,
    `[tasks]
all = { depends = ["//packages/web:build", "//packages/api:build", "lint"] }
lint = "echo root lints"
`,
  );
  const { project: root } = daemon.sandbox;
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write(
    "packages/web/haft.toml",
    '[tasks]\nbuild = { run = "echo web", depends = ["lint"] }\nlint = "echo web lints"\n',
  );
  write("packages/api/haft.toml", '[tasks]\nbuild = { run = "echo api", depends = ["lint"] }\n');
  write("tools/notes", "");
  write("packages/api/package.json", '{"scripts": {"test": "echo api tests"}}');
  const bin = join(daemon.sandbox.root, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "npm"), '#!/bin/sh\necho "npm $*"\n', { mode: 0o755 });
  const env = { HAFT_TRUST: "1", PATH: `${bin}:/usr/bin:/bin` };
  const at = (cwd: string, ...args: string[]) =>
    daemon.sandbox.run(binary, { args, cwd: join(root, cwd), env });
  const lines = async (cwd: string, ...names: string[]) => {
    const { code, stdout, stderr } = await at(cwd, "run", "-j1", "--output", "raw", ...names);
    assertEquals(code, 0, `${cwd}: ${stderr}`);
    return stdout.trim().split("\n").sort();
  };
  for (const cwd of [".", "packages/web", "packages/api", "tools"]) {
    assertEquals(await lines(cwd, "all"), ["api", "root lints", "web", "web lints"], cwd);
  }
  assertEquals(await lines("packages/web", "//packages/api:build"), ["api", "root lints"]);
  write(
    "packages/api/haft.toml",
    '[tasks]\nevery = { depends = ["all", "test"] }\nbuild = "echo api"\n',
  );
  const every = await lines("packages/api", "every");
  assertEquals(every, ["api", "npm run --silent test --", "root lints", "web", "web lints"]);
  assertEquals((await at("packages/api", "check")).code, 0);
});

Deno.test("a task that is wrong is named with its line, and the others of its file run", async () => {
  await using daemon = await project(binary);
  daemon.sandbox.manifest(`[tasks]
good = "echo good"
bad = { rn = "x", aliases = "b" }
lost = { run = "echo lost", depends = ["god"] }
far = { run = "echo far", depends = ["//nowhere:x"] }
`);
  await daemon.run("trust");
  assertEquals((await daemon.run("run", "good")).stdout, "good\n");
  const rows: [name: string, said: RegExp][] = [
    ["bad", /haft\.toml:3:9: key "tasks\.bad\.rn" is not known/],
    ["b", /haft\.toml:3:9: key "tasks\.bad\.rn" is not known/],
    ["lost", /haft\.toml:4:29: key "tasks\.lost\.depends" names no task: "god"[^]*Did you mean "good"\?/],
    ["far", /haft\.toml:5:27: key "tasks\.far\.depends" names no task: "\/\/nowhere:x"[^]*haft tasks/],
  ];
  for (const [name, said] of rows) {
    const { code, stdout, stderr } = await daemon.run("run", name);
    assertEquals([name, code, stdout], [name, 2, ""]);
    assertMatch(stderr, said);
  }
  const check = await daemon.run("check");
  for (const said of [/bad\.rn/, /names no task: "god"/, /names no task: "\/\/nowhere:x"/]) {
    assertMatch(check.stdout + check.stderr, said);
  }
  const listed = await daemon.run("tasks");
  assertEquals([listed.code, /^good/m.test(listed.stdout)], [0, true]);
  assertMatch(listed.stderr, /^Warning: .*haft\.toml:3:9: key "tasks\.bad\.rn" is not known/);
  const id = await start(daemon, "good");
  assertEquals((await daemon.run("task", "wait", id)).code, 0);
});

Deno.test("a task whose command runs it again and again comes to an end, with the reason", async () => {
  await using daemon = await project(
    binary,
    `[tasks]\nself = ["${binary.argv[0]}", "run", "self"]\nouter = ["${
      binary.argv[0]
    }", "run", "inner"]\ninner = "echo in"\n`,
  );
  const { code, stderr } = await daemon.run("run", "self");
  assertEquals(code, 1);
  assertMatch(
    stderr,
    /Task "self" comes to no end, as tasks start each other: … self → self → self → self\n/,
  );
  assertEquals((await daemon.run("run", "outer")).stdout, "in\n");
});

Deno.test("task start of a group is refused with the next step, as it would run nothing", async () => {
  await using daemon = await project(
    binary,
    '[tasks]\nall = { depends = ["a", "b"] }\na = "echo a"\nb = "echo b"\n',
  );
  const { code, stdout, stderr } = await daemon.run("task", "start", "all");
  assertEquals([code, stdout], [4, ""]);
  assertMatch(stderr, /"all" only groups others[^]*haft run all[^]*haft task start a b/);
  const id = await start(daemon, "--", ...daemon.haft.argv, "run", "all");
  await daemon.run("task", "wait", id);
  assertStringIncludes((await daemon.run("task", "logs", id)).stdout, "b | b");
});

Deno.test("scripts of the package.json above are listed and run without a haft.toml, up to the repository's directory; a started one keeps its name", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const { project: root } = daemon.sandbox;
  mkdirSync(join(root, "repo", ".git"), { recursive: true });
  mkdirSync(join(root, "repo", "packages", "a", "src"), { recursive: true });
  const write = (path: string, name: string) =>
    writeFileSync(join(root, path, "package.json"), JSON.stringify({ scripts: { [name]: `echo ${name}` } }));
  write(".", "outside");
  write("repo", "root");
  write("repo/packages/a", "own");
  const bin = join(daemon.sandbox.root, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "npm"), '#!/bin/sh\necho "npm $*"\n', { mode: 0o755 });
  const env = { HAFT_TRUST: "1", PATH: `${bin}:/usr/bin:/bin` };
  const haft = (...args: string[]) =>
    daemon.sandbox.run(binary, { args, cwd: join(root, "repo/packages/a/src"), env });
  const listed = JSON.parse((await haft("tasks", "--json")).stdout) as { name: string }[];
  assertEquals(listed.map(({ name }) => name), ["own", "root"]);
  assertEquals((await haft("run", "--output", "raw", "root")).stdout, "npm run --silent root --\n");
  const id = (await haft("task", "start", "root", "--", "x")).stdout.trim();
  assertEquals((await haft("task", "wait", id)).code, 0);
  assertEquals((await haft("task", "logs", id)).stdout, "npm run --silent root -- x\n");
  assertEquals((await task(daemon, id)).name, "root");
  assertEquals((await haft("task", "resume", id)).code, 0);
});

Deno.test("tasks of package.json, mise.toml, a justfile and a Taskfile are listed, and run by their own programs", async () => {
  await using daemon = await project(binary, '[tasks]\nown = "echo own"\n');
  const write = (name: string, text: string) => writeFileSync(join(daemon.sandbox.project, name), text);
  write("package.json", '{"scripts": {"lint": "echo linted"}}');
  write("mise.toml", '[tasks.fmt]\nrun = "x"\ndescription = "Format it"\n');
  write("justfile", "# Build it\nbuild target='x': dep\n  echo $@\ndep:\n  true\nversion := '1'\n");
  write("Taskfile.yml", "version: 3\ntasks:\n  ship:\n    desc: Ship it\n    cmds: [echo]\n");
  const { stdout } = await daemon.run("tasks", "--json");
  const listed = Object.fromEntries(
    (JSON.parse(stdout) as { name: string; source: string; description?: string }[])
      .map(({ name, source, description }) => [name, [source, description]]),
  );
  assertEquals(listed, {
    own: ["haft.toml", undefined],
    lint: ["package.json", "echo linted"],
    fmt: ["mise.toml", "Format it"],
    build: ["justfile", "Build it"],
    dep: ["justfile", undefined],
    ship: ["Taskfile.yml", "Ship it"],
  });
  const bin = join(daemon.sandbox.root, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "just"), '#!/bin/sh\necho "just $*"\n', { mode: 0o755 });
  const untrusted = await daemon.sandbox.run(binary, {
    args: ["run", "build"],
    env: { PATH: `${bin}:/usr/bin:/bin` },
  });
  assertEquals([untrusted.code, untrusted.stdout], [1, ""]);
  assertMatch(untrusted.stderr, /justfile" is not trusted, and its \[tasks\] can run code/);
  const env = { PATH: `${bin}:/usr/bin:/bin`, HAFT_TRUST: "1" };
  const built = await daemon.sandbox.run(binary, { args: ["run", "build", "--", "a b"], env });
  assertEquals([built.code, built.stdout], [0, "just build a b\n"]);
  assertMatch(built.stderr, /"build" is a task of ".*justfile", run by just/);
  const missing = await daemon.sandbox.run(binary, { args: ["run", "ship"], env });
  assertEquals(missing.code, 1);
  assertStringIncludes(missing.stderr, "task is not installed");
});

Deno.test("Ctrl-C ends all that a run started, and its tasks are cancelled", async () => {
  await using daemon = await project(binary, '[tasks]\na = "echo a; sleep 600"\nb = "echo b; sleep 600"\n');
  let interrupted = false;
  const { code } = await daemon.sandbox.run(binary, {
    args: ["run", "a", "b", "-j", "2"],
    ownGroup: true,
    onOutput: ({ pid, stdout }) => {
      if (interrupted || !stdout.includes("a | a") || !stdout.includes("b | b")) return;
      interrupted = true;
      process.kill(pid, "SIGINT");
    },
  });
  assertEquals(code, 130);
  const { tasks } = await daemon.call("task.list", { cwd: daemon.sandbox.project }) as { tasks: TaskInfo[] };
  assertEquals(tasks.map(({ reason }) => reason), ["cancelled", "cancelled"]);
  const { stdout } = await daemon.sandbox.shell(binary, "pgrep -f 'sleep 600' | wc -l; true");
  assert(stdout !== "");
  assert(existsSync(daemon.sandbox.project));
});

Deno.test("a daemon that was busy while a task in front was tried again knows its last attempt", async () => {
  await using daemon = await project(
    binary,
    `[tasks.flaky]
run = "echo x >> tries; until [ -e go ]; do sleep 0.02; done; test $(wc -l < tries) -ge 3"
retries = 5
retry_delay = "10ms"
`,
  );
  const pid = await daemon.start();
  const running = daemon.run("run", "flaky");
  await until(() => newest(daemon).then(({ state }) => state, String), "the newest task runs", {
    passes: (state) => state === "running",
  });
  process.kill(pid, "SIGSTOP");
  writeFileSync(join(daemon.sandbox.project, "go"), "");
  assertEquals((await running).code, 0);
  process.kill(pid, "SIGCONT");
  const { attempt, state, exit_code } = await newest(daemon);
  assertEquals([attempt, state, exit_code], [3, "completed", 0]);
});

Deno.test("retries and a time limit count in front as they do in the daemon, across its death", async () => {
  await using daemon = await project(
    binary,
    `[tasks]
flaky = { run = "echo x >> tries; test $(wc -l < tries) -ge 3", retries = 5, retry_delay = "10ms" }
slow = { run = "sleep 600", timeout = "100ms" }
`,
  );
  await daemon.start();
  assertEquals((await daemon.run("run", "flaky")).code, 0);
  assertEquals((await newest(daemon)).attempt, 3);
  await killDaemon(daemon);
  assertEquals((await daemon.run("run", "slow")).code, 124);
  assertEquals((await newest(daemon)).reason, "timed_out");
});

/** `run` until it is over; `lose` once the task runs, and then lets the task end. */
async function whileTheDaemonEnds(
  args: string[],
  lose: (daemon: DaemonSandbox, pid: number) => Promise<unknown>,
) {
  await using daemon = await project(
    binary,
    `[tasks.slow]\nrun = "echo begun; until [ -e go ]; do sleep 0.05; done; echo ended; exit 7"\n`,
  );
  const pid = await daemon.start();
  const words = args.includes("ID") ? args.with(args.indexOf("ID"), await start(daemon, "slow")) : args;
  let lost: Promise<unknown> | undefined;
  const result = await daemon.sandbox.run(binary, {
    args: words,
    onOutput: ({ stdout }) => {
      if (stdout.includes("begun")) {
        lost ??= lose(daemon, pid).then(() => writeFileSync(join(daemon.sandbox.project, "go"), ""));
      }
    },
  });
  await lost;
  return result;
}

for (const args of [["run", "--text", "x", "slow"], ["task", "logs", "-f", "ID"]]) {
  Deno.test(`haft ${args.join(" ")} goes on with the next daemon when its own was killed`, async () => {
    const { code, stdout, stderr } = await whileTheDaemonEnds(args, async (daemon, pid) => {
      process.kill(pid, "SIGKILL");
      await untilGone(pid);
      await daemon.start();
    });
    // How a task ended that an earlier daemon started is not known.
    assertEquals([code, stdout], [args[0] === "run" ? 1 : 0, "begun\nended\n"], stderr);
    // The log's first lines may come before the connection that follows it.
    if (args[0] === "run") assertStringIncludes(stderr, "The daemon ended; waiting for another one");
  });
}
