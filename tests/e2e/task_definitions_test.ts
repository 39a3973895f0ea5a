import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { binary, type Sandbox } from "./support.ts";
import { project } from "./task_sandbox.ts";

Deno.test("a task in depends and in depends_post runs before and after, however it is reached", async () => {
  await using daemon = await project(
    binary,
    `[tasks]
clean = "echo clean"
t = { run = "echo main", depends = ["clean"], depends_post = ["clean"] }
base = "echo base"
a = { run = "echo a", depends = ["base"] }
far = { run = "echo far", depends = ["a"], depends_post = ["base"] }
`,
  );
  const run = async (...names: string[]) => {
    const { code, stdout, stderr } = await daemon.run("run", "--output", "raw", "-j1", ...names);
    assertEquals(code, 0, stderr);
    return stdout.trim().split("\n").join(" ");
  };
  assertEquals(await run("t"), "clean main clean");
  assertEquals(await run("clean", "t"), "clean main clean");
  assertEquals(await run("far"), "base a far base");
  assertEquals((await daemon.run("check")).code, 0);
});

Deno.test("every circle of tasks is named by haft check, one through depends_post too, and by haft run", async () => {
  await using daemon = await project(binary);
  daemon.sandbox.manifest(`[tasks]
a = { run = "echo a", depends = ["b"] }
b = { run = "echo b", depends = ["a"] }
c = { run = "echo c", depends_post = ["d"] }
d = { run = "echo d", depends = ["c"] }
e = { run = "echo e", depends_post = ["e"] }
`);
  const check = await daemon.run("check");
  assertEquals(check.code, 1);
  for (const circle of ["a → b → a", "c → d → c", "e → e"]) {
    assertStringIncludes(check.stdout + check.stderr, `in a circle: ${circle}`);
  }
  const run = await daemon.run("run", "e");
  assertEquals([run.code, run.stdout], [2, ""]);
  assertMatch(run.stderr, /in a circle: e → e/);
  assertMatch((await daemon.run("run", "b")).stderr, /haft\.toml:2:23: .*in a circle: a → b → a/);
});

/** A project with tasks of haft.toml, package.json and a justfile, whose programs are small scripts. */
async function mixed(manifest: string): Promise<Mixed> {
  const daemon = await project(binary, manifest);
  const { sandbox } = daemon;
  const write = (name: string, text: string, mode = 0o644) => {
    const path = join(sandbox.project, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode });
  };
  write("package.json", '{"scripts": {"lint": "echo linting", "test": "exit 1"}}');
  write(
    "justfile",
    "alias s := say\nmod sub\nsay *words:\n  echo\n_priv:\n  echo\n[private]\nother:\n  echo\n",
  );
  write("sub.just", "x:\n  echo\n");
  const bin = join(sandbox.root, "bin");
  mkdirSync(bin);
  const npm = '#!/bin/sh\n[ $3 != test ] || { echo testing; exit 1; }\nshift 2\necho "npm $*"\n';
  writeFileSync(join(bin, "npm"), npm, { mode: 0o755 });
  writeFileSync(join(bin, "just"), '#!/bin/sh\necho "just $*"\n', { mode: 0o755 });
  const env = { PATH: `${bin}:/usr/bin:/bin`, HAFT_TRUST: "1" };
  return {
    haft: (...args) => sandbox.run(binary, { args, env }),
    haftIn: (directory, ...args) => sandbox.run(binary, { args, env, cwd: join(sandbox.project, directory) }),
    write,
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  };
}

interface Mixed extends AsyncDisposable {
  haft(...args: string[]): ReturnType<Sandbox["run"]>;
  haftIn(directory: string, ...args: string[]): ReturnType<Sandbox["run"]>;
  write(name: string, text: string): void;
}

Deno.test("haft run runs every named task, of haft.toml and of other programs' files together", async () => {
  await using tasks = await mixed('[tasks]\nt = "echo mine"\nlint = "echo haft-lint"\n');
  const lines = async (...args: string[]) => {
    const { code, stdout } = await tasks.haft("run", "--output", "raw", "-j1", ...args);
    return [code, ...stdout.trim().split("\n")];
  };
  assertEquals(await lines("t", "say"), [0, "mine", "just say"]);
  assertEquals(await lines("lint", "test"), [1, "haft-lint", "testing"]);
  assertEquals(await lines("test", "say"), [1, "testing"]);
  assertEquals(await lines("test", "say", "-k"), [1, "testing", "just say"]);
  assertEquals(await lines("say", "t", "--", "-a", "b c"), [0, "just say", "mine -a b c"]);
  assertEquals(await lines("say", "-a", "--", "b"), [0, "just say -a b"]);
});

Deno.test("a word that names no task is an error before anything runs, after a foreign task too", async () => {
  await using tasks = await mixed('[tasks]\nt = "echo mine"\n');
  for (const words of [["say", "testt"], ["t", "saay"], ["lint", "src"], ["nope"]]) {
    const { code, stdout, stderr } = await tasks.haft("run", ...words);
    assertEquals([code, stdout], [2, ""], words.join(" "));
    assertStringIncludes(stderr, `has no task "${words.at(-1)}"`);
  }
  assertStringIncludes((await tasks.haft("run", "lint", "src")).stderr, "haft run lint -- src");
});

Deno.test("a foreign task takes --output, --json and -j, and its aliases, private recipes and modules run", async () => {
  await using tasks = await mixed("");
  assertEquals((await tasks.haft("run", "--output", "prefixed", "say")).stdout, "say | just say\n");
  const { stdout } = await tasks.haft("run", "--json", "lint");
  const info = JSON.parse(stdout);
  assertEquals([info.name, info.state, info.exit_code], ["lint", "completed", 0]);
  const ran = async (name: string) => (await tasks.haft("run", "--output", "raw", name, "-j2")).stdout;
  assertEquals(await ran("s"), "just say\n");
  assertEquals(await ran("_priv"), "just _priv\n");
  assertEquals(await ran("other"), "just other\n");
  assertEquals(await ran("sub::x"), "just sub::x\n");
  const listed = (await tasks.haft("tasks")).stdout;
  assertMatch(listed, /say, s/);
  assertEquals(/_priv|other/.test(listed), false, listed);
});

Deno.test("a foreign task starts in the daemon, and the root's is seen below a nested haft.toml", async () => {
  await using tasks = await mixed("");
  const { stdout, stderr } = await tasks.haft("task", "start", "say", "--", "a b");
  assertMatch(stdout, /^[0-9a-f]{12}\n$/, stderr);
  await tasks.haft("task", "wait", stdout.trim());
  assertEquals((await tasks.haft("task", "logs", stdout.trim())).stdout, "just say a b\n");
  tasks.write("packages/web/haft.toml", '[tasks]\nown = "echo own"\n');
  const inWeb = (...args: string[]) => tasks.haftIn("packages/web", ...args);
  assertStringIncludes((await inWeb("tasks")).stdout, "lint");
  assertEquals((await inWeb("run", "--output", "raw", "lint")).stdout, "npm lint --\n");
  assertEquals((await inWeb("run", "--output", "raw", "//:lint")).stdout, "npm lint --\n");
});

Deno.test("mise's tasks are those of all its files in a directory, and are trusted with all of them", async () => {
  await using daemon = await project(binary, "");
  const { sandbox } = daemon;
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(sandbox.project, name)), { recursive: true });
    writeFileSync(join(sandbox.project, name), text);
  };
  write("mise.toml", '[tasks]\nbuild = "echo"\n');
  write("mise.local.toml", '[tasks.mine]\nrun = "echo"\ndescription = "local"\n');
  write(".config/mise/config.toml", '[tasks]\nbuild = "echo"\nfar = "echo"\n');
  write(".config/mise/conf.d/a.toml", '[tasks]\npart = "echo"\n');
  const bin = join(sandbox.root, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "mise"), '#!/bin/sh\necho "mise $* in $PWD"\n', { mode: 0o755 });
  const haft = (...args: string[]) => sandbox.run(binary, { args, env: { PATH: `${bin}:/usr/bin:/bin` } });
  const listed = JSON.parse((await haft("tasks", "--json")).stdout) as { name: string }[];
  assertEquals(listed.map(({ name }) => name).sort(), ["build", "far", "mine", "part"]);
  const refused = await haft("run", "far");
  assertEquals(refused.code, 1);
  assertStringIncludes(refused.stderr, "haft trust .config/mise/config.toml");
  assertEquals((await haft("trust", ".config/mise/config.toml")).code, 0);
  const ran = await haft("run", "--output", "raw", "far");
  assertEquals(ran.stdout, `mise run far in ${sandbox.project}\n`, ran.stderr);
  // mise reads them all, so that each of them has a say in what runs.
  write("mise.local.toml", '[env]\nPATH = "/elsewhere"\n');
  assertEquals((await haft("run", "far")).code, 1);
});

Deno.test("haft check finds what can never run as meant: texts in a list, names, choices, directories", async () => {
  await using daemon = await project(
    binary,
    `[tasks]
list = ["echo one", "echo two"]
words = ["echo", "two  words"]
a = { run = "echo a", aliases = ["x"] }
b = { run = "echo b", aliases = ["x", "a"] }
where = { run = "echo", dir = "nowhere" }
[tasks.e]
run = "echo {{env}}"
args = { env = { default = "z", choices = ["a", "b"] } }
`,
  );
  const { code, stdout, stderr } = await daemon.run("check");
  assertEquals(code, 1);
  for (
    const part of [
      'key "tasks.list.run" is one command, whose program is "echo one"',
      'run = "echo one\\necho two"',
      '"x" is a name of task "a" already',
      '"a" is a name of task "a" already',
      'key "tasks.where.dir" names no directory',
      'key "tasks.e.args.env.default" is none of its choices: "z"',
    ]
  ) assertStringIncludes(stdout + stderr, part);
  const run = await daemon.run("run", "list");
  assertStringIncludes(run.stderr, "several commands are the lines of one text");
  assertEquals((await daemon.run("run", "words")).stdout, "two  words\n");
});

Deno.test("words within quotes are data, a signal is 128 and its number, and a typo in if is an error", async () => {
  await using daemon = await project(
    binary,
    `[tasks]
e = 'echo "hello {{args}}"'
sig = 'kill -TERM $$'
typo = { run = "echo ran", if = "no-such-command-here" }
group = { depends = ["e"] }
`,
  );
  const { sandbox } = daemon;
  const hostile = "x $(touch PWNED)";
  assertEquals((await daemon.run("run", "e", "--", hostile)).stdout, `hello ${hostile}\n`);
  assertEquals(existsSync(join(sandbox.project, "PWNED")), false);
  const sig = await daemon.run("run", "--json", "sig");
  const info = JSON.parse(sig.stdout);
  assertEquals([sig.code, info.exit_code, info.error], [143, 143, "It was ended by SIGTERM"]);
  const id = (await daemon.run("task", "start", "sig")).stdout.trim();
  assertEquals((await daemon.run("task", "wait", id)).code, 143);
  const typo = await daemon.run("run", "typo");
  assertEquals([typo.code, typo.stdout], [1, ""]);
  assertStringIncludes(typo.stderr, "names a command that is not there");
  assertEquals((await daemon.run("run", "group", "--", "x")).code, 2);
});

Deno.test("words are handed on or refused, never lost: functions, too many of them, ends that take none", async () => {
  await using daemon = await project(
    binary,
    `[tasks]
fn = 'f() { echo "f:$1"; }; f'
two = 'echo $1 $2'
sub = "(echo sub)"
loop = "while read x; do echo $x; done < haft.toml"
bare = "X=1"
`,
  );
  assertEquals((await daemon.run("run", "fn", "--", "a")).stdout, "f:a\n");
  assertEquals((await daemon.run("run", "two", "--", "a", "b")).stdout, "a b\n");
  const many = await daemon.run("run", "two", "--", "a", "b", "c");
  assertEquals([many.code, many.stdout], [2, ""]);
  assertStringIncludes(many.stderr, "takes 2 words; c has no place");
  for (const name of ["sub", "loop", "bare"]) {
    const { code, stdout, stderr } = await daemon.run("run", name, "--", "word");
    assertEquals([name, code, stdout], [name, 2, ""]);
    assertStringIncludes(stderr, "takes no words: word");
  }
});

Deno.test("haft check finds shells that are not there, placeholders without a parameter, and shared variables", async () => {
  await using daemon = await project(binary);
  daemon.sandbox.manifest(`[tasks]
typo = { run = "echo", shell = "bassh" }
good = { run = "docker ps --format '{{Names}}' {{args}}", shell = "sh" }
few = "echo {{arg}}"
[tasks.p]
run = "echo {{envv}} {{other}}"
args = { env = "x" }
[tasks.two]
run = "echo {{a-b}} {{a_b}}"
args = { a-b = "1", a_b = "2" }
`);
  const { code, stdout, stderr } = await daemon.run("check");
  assertEquals(code, 1);
  for (
    const part of [
      'haft.toml:2:24: key "tasks.typo.shell" names no program on PATH: "bassh"',
      'Did you mean "bash"',
      'key "tasks.few.run" has {{arg}}',
      'key "tasks.p.run" has {{envv}}',
      'Did you mean "{{env}}"',
      'key "tasks.p.run" has {{other}}',
      "It has {{env}}, {{args}}",
      'key "tasks.two.args.a_b" has the variable of "a-b", HAFT_ARG_A_B',
    ]
  ) assertStringIncludes(stdout, part);
  assertStringIncludes(stderr, "5 problems");
});

Deno.test("haft check finds text that is not UTF-8, with its line, and circles through other projects", async () => {
  await using daemon = await project(binary, "");
  const { sandbox } = daemon;
  const root = join(sandbox.project, "haft.toml");
  const latin = [...'[tasks]\na = "echo caf'].map((letter) => letter.charCodeAt(0));
  writeFileSync(root, new Uint8Array([...latin, 0xe9, 0x22, 0x0a]));
  const text = await daemon.run("check");
  assertEquals(text.code, 1);
  assertStringIncludes(text.stdout, "haft.toml:2:14: this text is not UTF-8");

  mkdirSync(join(sandbox.project, "web"));
  writeFileSync(
    root,
    '[tasks]\na = { run = "echo a", depends = ["//web:b"] }\nc = { run = "c", depends = ["//:c"] }\n',
  );
  writeFileSync(
    join(sandbox.project, "web/haft.toml"),
    '[tasks]\nb = { run = "echo b", depends_post = ["//:a"] }\n',
  );
  const above = await daemon.run("check");
  assertEquals(above.code, 1);
  assertStringIncludes(above.stdout, "in a circle: a → //web:b → a");
  assertStringIncludes(above.stdout, "in a circle: c → c");
  assertStringIncludes((await daemon.run("check", "web")).stdout, "in a circle: b → //:a → b");
});

Deno.test("a list whose program is missing ends with 127, one that may not be executed with 126", async () => {
  await using daemon = await project(
    binary,
    `[tasks]
missing = ["no-such-program-here", "x"]
plain = ["./plain"]
option = ["-dash"]
[tasks.bare]
run = ["sh"]
env = { PATH = "/nowhere" }
`,
  );
  writeFileSync(join(daemon.sandbox.project, "plain"), "x", { mode: 0o644 });
  for (
    const [name, expected] of [["missing", 127], ["plain", 126], ["option", 127], ["bare", 127]] as const
  ) {
    const { code, stderr } = await daemon.run("run", name);
    assertEquals([name, code], [name, expected]);
    assertEquals(stderr.includes("haft search"), name === "missing", stderr);
    const id = (await daemon.run("task", "start", name)).stdout.trim();
    assertEquals([name, (await daemon.run("task", "wait", id)).code], [name, expected]);
  }
});

Deno.test("a linked directory is an input with all its files, and -v says when a task changed its own inputs", async () => {
  await using daemon = await project(
    binary,
    `[tasks]
linked = { run = "echo ran", inputs = ["lnk"] }
own = { run = "date +%s%N >> own.txt", inputs = ["own.txt"] }
`,
  );
  const path = (name: string) => join(daemon.sandbox.project, name);
  mkdirSync(path("real/deep"), { recursive: true });
  writeFileSync(path("real/deep/a.txt"), "a");
  symlinkSync("real", path("lnk"));
  symlinkSync("..", path("real/deep/up"));
  assertEquals((await daemon.run("run", "linked")).stdout, "ran\n");
  assertEquals((await daemon.run("run", "linked")).stdout, "");
  writeFileSync(path("real/deep/a.txt"), "b");
  assertEquals((await daemon.run("run", "linked")).stdout, "ran\n");

  writeFileSync(path("own.txt"), "");
  assertStringIncludes((await daemon.run("run", "-v", "own")).stderr, "it was not completed before");
  assertStringIncludes((await daemon.run("run", "-v", "own")).stderr, "its inputs changed while it ran");
  daemon.sandbox.manifest('[tasks]\nt = { description = "x" }\n');
  assertStringIncludes((await daemon.run("check")).stdout, 'or with "depends" alone\n');
});
