import { assertEquals, assertStringIncludes } from "@std/assert";
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { LoopbackRegistry } from "../support/loopback_registry.ts";
import { fakeTools, publishTool } from "./fake_tools.ts";
import { binary, hasProgram, Sandbox } from "./support.ts";

/** Answers are kept only once the files that they come from have settled. */
const SETTLED_MS = 2_100;

/** A project whose answer for esbuild is remembered. */
async function remembered(registry: { url: string }): Promise<Sandbox> {
  const sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest('[tools]\nesbuild = "^1"\nbiome = "2.0.0"\n');
  assertEquals((await sandbox.run(binary, { args: ["sync"] })).code, 0);
  await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
  assertEquals(
    (await sandbox.run(binary, { args: ["exec", "esbuild", "a b"] })).stdout,
    "esbuild 1.2.0: a b|\n",
  );
  assertEquals(readdirSync(join(sandbox.haftHome, "cache", "exec")).length, 1);
  assertEquals(
    (await sandbox.run(binary, { args: ["exec", "esbuild", "a b"] })).stdout,
    "esbuild 1.2.0: a b|\n",
  );
  return sandbox;
}

Deno.test("exec notices every change that makes a remembered answer wrong", async (t) => {
  await using registry = await fakeTools();
  await using sandbox = await remembered(registry);
  const exec = (...args: string[]) => sandbox.run(binary, { args: ["exec", ...args] });

  await t.step("another version in haft.toml, of the same length", async () => {
    sandbox.manifest('[tools]\nesbuild = "^9"\nbiome = "2.0.0"\n');
    const { code, stderr } = await exec("esbuild");
    assertEquals(code, 1);
    assertStringIncludes(stderr, "not installed");
    sandbox.manifest('[tools]\nesbuild = "^1"\nbiome = "2.0.0"\n');
    assertEquals((await exec("esbuild")).code, 0);
  });

  await t.step("a project inside this one", async () => {
    const inner = join(sandbox.project, "inner with spaces", "it's");
    mkdirSync(inner, { recursive: true });
    writeFileSync(join(inner, ".tool-versions"), "esbuild 1.0.0\n");
    assertEquals((await sandbox.run(binary, { args: ["exec", "esbuild"], cwd: inner })).code, 1);
    assertEquals((await sandbox.run(binary, { args: ["install", "esbuild@1.0.0"] })).code, 0);
    const { stdout } = await sandbox.run(binary, { args: ["exec", "esbuild", "x"], cwd: inner });
    assertEquals(stdout, "esbuild 1.0.0: x|\n");
    assertEquals((await exec("esbuild", "x")).stdout, "esbuild 1.2.0: x|\n");
    const link = join(sandbox.root, "link");
    symlinkSync(inner, link);
    assertEquals((await sandbox.run(binary, { args: ["exec", "esbuild", "x"], cwd: link })).stdout, stdout);
  });

  await t.step("the lock file", async () => {
    rmSync(join(sandbox.project, "haft.lock"));
    rmSync(join(sandbox.haftHome, "store", "esbuild", "1.2.0"), { recursive: true });
    assertEquals((await exec("esbuild", "x")).stdout, "esbuild 1.0.0: x|\n");
  });

  await t.step("an uninstalled version", async () => {
    assertEquals((await sandbox.run(binary, { args: ["uninstall", "esbuild", "--all"] })).code, 0);
    const { code, stderr } = await exec("esbuild");
    assertEquals(code, 1);
    assertStringIncludes(stderr, 'Run "haft sync"');
  });

  await t.step("another HAFT_HOME", async () => {
    assertEquals((await sandbox.run(binary, { args: ["sync"] })).code, 0);
    const elsewhere = { HAFT_HOME: join(sandbox.root, "elsewhere") };
    assertEquals((await sandbox.run(binary, { args: ["exec", "esbuild"], env: elsewhere })).code, 1);
    assertEquals((await exec("esbuild")).code, 0);
  });
});

Deno.test("exec puts the project's tools first on PATH, and keeps the user's own variables", async () => {
  await using registry = await fakeTools();
  await using sandbox = await remembered(registry);
  writeFileSync(join(sandbox.project, "show.sh"), '#!/bin/sh\nbiome "$1"\n', { mode: 0o755 });
  const { stdout } = await sandbox.shell(binary, 'eval "$(haft env --shell bash)"; ./show.sh inner');
  assertEquals(stdout, "biome 2.0.0: inner|\n");
});

Deno.test("[env] of a project is used once it is trusted, and asked about again when it changes", async () => {
  await using registry = await fakeTools();
  await using sandbox = await remembered(registry);
  const run = (...args: string[]) => sandbox.run(binary, { args });
  const manifest = (value: string) => `[tools]\nesbuild = "^1"\nbiome = "2.0.0"\n[env]\nNAME = "${value}"\n`;
  sandbox.manifest(manifest("one"));
  for (const command of [["exec", "esbuild"], ["env"]]) {
    const { code, stderr } = await run(...command);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "is not trusted, and its [env] can run code");
    assertStringIncludes(stderr, 'run "haft trust"');
    assertEquals(stderr.includes("since it changed"), false);
  }
  for (const harmless of [["ls"], ["which", "esbuild"], ["sync", "--check"], ["completions", "bash"]]) {
    assertEquals((await run(...harmless)).code, 0, harmless.join(" "));
  }
  assertEquals((await run("trust")).code, 0);
  assertEquals((await run("exec", "esbuild", "x")).stdout, "esbuild 1.2.0: x|\n");
  assertEquals(JSON.parse((await run("env", "--json")).stdout).set.NAME, "one");
  sandbox.manifest(manifest("two"));
  const changed = await run("env");
  assertEquals(changed.code, 1);
  assertStringIncludes(changed.stderr, "is not trusted since it changed, and its [env] can run code");
  assertStringIncludes(changed.stderr, "trusted_paths");
  const { stdout } = await run("trust", "--show");
  assertStringIncludes(stdout, 'Changed since it was trusted:\n  - env.NAME = "one"\n  + env.NAME = "two"\n');
  sandbox.manifest(manifest("one").replace('"^1"', '"1.2"'));
  assertEquals((await run("env")).code, 0, "a tool's version needs no new trust");
  assertEquals((await run("trust", "--revoke")).code, 0);
  assertEquals((await run("env")).code, 1);
});

Deno.test("install_env needs trust before anything is installed", async () => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest(
    '[tools.esbuild]\nversion = "^1"\ninstall_env = { BUN_OPTIONS = "--preload ./evil.js" }\n',
  );
  for (const command of ["sync", "install esbuild"]) {
    const { code, stderr } = await sandbox.run(binary, { args: command.split(" ") });
    assertEquals(code, 1);
    assertStringIncludes(stderr, "its install_env can run code");
  }
  assertEquals(sandbox.installed(), []);
  await sandbox.run(binary, { args: ["trust"] });
  assertEquals((await sandbox.run(binary, { args: ["sync"] })).code, 0);
});

Deno.test("a tool that is asked for and missing is refused or installed, and never another one of PATH's", async () => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  const outer = join(sandbox.root, "outer");
  mkdirSync(outer);
  for (const name of ["esbuild", "biome"]) {
    writeFileSync(join(outer, name), `#!/bin/sh\necho outer ${name}\n`, { mode: 0o755 });
  }
  const PATH = `${outer}:${sandbox.environment()["PATH"]}`;
  const run = (...args: string[]) => sandbox.run(binary, { args, env: { PATH } });
  const os = JSON.stringify([process.platform === "darwin" ? "linux" : "darwin"]);
  const task =
    '[tasks.t]\nrun = "cd /; esbuild $X"\nenv = { X = "task" }\n[tasks.b]\nrun = "biome"\n[env]\nX = "all"\n';
  const tools = `[tools]\nesbuild = "1.0.0"\nbiome = { version = "2.0.0", os = ${os} }\n${task}`;
  sandbox.manifest(tools.replace(/os = \[.*\]/, "source = 'npm'"));
  assertEquals((await run("trust")).code, 0);
  assertEquals((await run("sync")).code, 0);
  assertEquals((await run("run", "t")).stdout, "esbuild 1.0.0: task|\n");

  sandbox.manifest(tools.replace('"1.0.0"', '"1.2.0"'));
  const missing = "error: esbuild 1.2.0 is not installed";
  for (
    const [text = "", ...args] of [
      [missing, "run", "t"],
      [missing, "exec", "--", "sh", "-c", "cd /; esbuild x"],
      ['error: "biome" is only for', "run", "b"],
      ['error: "biome" is only for', "exec", "--", "biome"],
    ]
  ) {
    const { code, stdout, stderr } = await run(...args);
    assertEquals({ code, stdout }, { code: 1, stdout: "" }, args.join(" "));
    assertStringIncludes(stderr, text);
    assertStringIncludes(stderr, "haft sync");
  }
  const [esbuild, biome] = JSON.parse((await run("ls", "--json")).stdout);
  assertEquals([esbuild.installed, biome.installed], [false, false]);
  assertEquals(JSON.parse((await run("env", "--json")).stdout).path, []);

  sandbox.manifest(`${tools.replace('"1.0.0"', '"1.2.0"')}[settings]\nauto_install = true\n`);
  assertEquals((await run("trust")).code, 0);
  const { code, stdout } = await run("run", "t");
  assertEquals({ code, stdout }, { code: 0, stdout: "esbuild 1.2.0: task|\n" });
});

Deno.test("a remembered answer starts the program as the first one did: words, variables, signals, open files", async () => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest('[tools]\nesbuild = "^1"\n');
  assertEquals((await sandbox.run(binary, { args: ["sync"] })).code, 0);
  const which = await sandbox.run(binary, { args: ["which", "esbuild"] });
  writeFileSync(
    which.stdout.trim(),
    `#!/bin/sh
printf '<%s>' "$0" "$@"; echo
umask
grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status
for n in 3 4 9; do [ -e "/proc/$$/fd/$n" ] && echo "open: $n"; done
env | grep -v '^_=' | sort
`,
    { mode: 0o755 },
  );
  await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
  const show = async () => {
    const { stdout } = await sandbox.shell(
      binary,
      "umask 027; export EMPTY= LINES_OF='a\n b' UNICODE=é☃; haft exec esbuild -- 'a b' '' é☃ \"$(printf 'x\\ny')\" 3</dev/null 9</dev/null",
    );
    // Two signals are the C library's own, and a shell's child has them as they come.
    return stdout.replaceAll(
      /^(Sig\w+:\t)(\w+)$/gm,
      (_, name, mask) => name + (BigInt(`0x${mask}`) & 0x7fff_ffffn).toString(16),
    );
  };
  const first = await show();
  assertStringIncludes(first, "<a b><><é☃><x\ny>");
  assertStringIncludes(first, "0027");
  assertStringIncludes(first, "UNICODE=é☃");
  assertEquals(readdirSync(join(sandbox.haftHome, "cache", "exec")).length, 1);
  assertEquals(await show(), first);
});

Deno.test("exec hands on arguments and variables that are no UTF-8 byte for byte", async () => {
  await using registry = await LoopbackRegistry.start();
  const script = '#!/bin/sh\nprintf "%s|" "$ODD" "${PATH##*:}" "$@" | od -An -tx1\n';
  await publishTool(registry, { tool: "esbuild", version: "1.2.0", script });
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest('[tools]\nesbuild = "1.2.0"\n');
  assertEquals((await sandbox.run(binary, { args: ["sync"] })).code, 0);
  // Two arguments that read alike once they are strings.
  const odd =
    'PATH="$PATH:$(printf "p\\377")" ODD=$(printf "v\\377") exec "$@" "$(printf "a\\377")" "$(printf "a\\376")"';
  const run = async (line = odd) => {
    const args = ["-c", line, "sh", ...binary.argv, "exec", "esbuild"];
    return (await sandbox.run({ ...binary, argv: ["sh"] }, { args })).stdout.trim();
  };
  const expected = "76 ff 7c 70 ff 7c 61 ff 7c 61 fe 7c";
  assertEquals(await run(), expected);
  await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
  assertEquals((await sandbox.run(binary, { args: ["exec", "esbuild", "plain"] })).code, 0);
  assertEquals(await run(), expected, "where the answer is remembered, too");
  const variable = 'PATH="$PATH:p" ODD=$(printf "v\\377") exec "$@" a';
  assertEquals(await run(variable), "76 ff 7c 70 7c 61 7c", "a variable alone");
});

Deno.test({
  name: "exec takes no answer of a directory whose path only reads the same where bytes are lost",
  ignore: process.platform !== "linux",
  async fn() {
    await using registry = await fakeTools();
    await using sandbox = await remembered(registry);
    assertEquals((await sandbox.run(binary, { args: ["install", "esbuild@1.0.0"] })).code, 0);
    const legible = join(sandbox.project, "a\ufffd");
    mkdirSync(legible);
    writeFileSync(join(legible, "haft.toml"), '[tools]\nesbuild = "1.0.0"\n');
    const there = (line: string) => sandbox.shell(binary, `cd "$(printf 'a\\357\\277\\275')"; ${line}`);
    const lossy = (line: string) =>
      sandbox.shell(binary, `d="$(printf 'a\\351')"; mkdir -p "$d"; cd "$d"; ${line}`);
    assertEquals((await there("haft sync")).code, 0);
    await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
    for (let time = 0; time < 2; time++) {
      assertEquals(
        (await there("haft sync; haft exec esbuild x")).stdout.split("\n").at(-2),
        "esbuild 1.0.0: x|",
      );
    }
    for (let time = 0; time < 2; time++) {
      const { stdout, stderr } = await lossy("haft exec esbuild x");
      assertEquals(stdout, "esbuild 1.2.0: x|\n");
      assertStringIncludes(stderr, "is not UTF-8");
      const sync = await lossy("haft sync");
      assertEquals([sync.code, sync.stdout], [1, ""]);
    }
    const own = "printf '#!/bin/sh\\necho own' > run; chmod +x run; haft exec -- ./run";
    assertEquals((await lossy(own)).stdout, "own\n");
  },
});

const mayMount = process.platform === "linux" && process.getuid?.() === 0 &&
  ["mke2fs", "debugfs", "unshare", "mount"].every(hasProgram);

Deno.test({
  name: "exec remembers nothing of a file system whose times are whole seconds",
  ignore: !mayMount,
  async fn() {
    await using registry = await fakeTools();
    await using sandbox = await remembered(registry);
    assertEquals((await sandbox.run(binary, { args: ["install", "esbuild@1.0.0"] })).code, 0);
    // Two images of one time, as a build that can be repeated makes them.
    const image = (version: string) => `
      mkdir ${version}; printf '[tools]\\nesbuild = "${version}"\\n' > ${version}/haft.toml
      mke2fs -q -t ext4 -I 128 -O ^has_journal -d ${version} ${version}.img 1M
      for path in / /haft.toml; do debugfs -w -R "sif $path ctime 1700000000" ${version}.img; done`;
    const run = (version: string) => `
      mount -o loop,ro ${version}.img m || exit 77
      (cd m; for time in 1 2 3; do haft exec esbuild x; done); umount m`;
    const script = `PATH=$PATH:/usr/sbin:/sbin
      { ${image("1.2.0")}\n${image("1.0.0")}\n} > /dev/null 2>&1; mkdir m
      ${run("1.2.0")}\n${run("1.0.0")}`;
    writeFileSync(join(sandbox.project, "mounts.sh"), script);
    await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
    const { code, stdout } = await sandbox.shell(binary, "export -f haft; unshare -m bash mounts.sh");
    if (code === 77) return console.log("not tried: no loop device");
    const three = (version: string) => `esbuild ${version}: x|\n`.repeat(3);
    assertEquals(stdout, three("1.2.0") + three("1.0.0"));
  },
});
