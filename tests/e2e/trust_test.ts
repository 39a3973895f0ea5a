/** What a stranger's checkout may do before `haft trust`, and what trust is bound to. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { LoopbackRegistry } from "../support/loopback_registry.ts";
import { fakeTools } from "./fake_tools.ts";
import { binary, type RunResult, Sandbox } from "./support.ts";

/** A user with a registry in their own ~/.npmrc and a secret in their environment. */
async function userWith(registry: LoopbackRegistry): Promise<{
  sandbox: Sandbox;
  haft: (cwd: string, ...args: string[]) => Promise<RunResult>;
}> {
  const sandbox = await Sandbox.create({ registry: "" });
  writeFileSync(join(sandbox.root, "home", ".npmrc"), `registry=${registry.url}\n`);
  return {
    sandbox,
    haft: (cwd, ...args) =>
      sandbox.run(binary, { args, cwd, env: { npm_config_registry: "", NPM_TOKEN: "the-canary" } }),
  };
}

function heard(registry: LoopbackRegistry): string {
  return registry.requests.map(({ path, headers }) => `${path} ${JSON.stringify(headers)}`).join("\n");
}

Deno.test("a project's .npmrc counts for nothing before trust, and then for what the question showed", async () => {
  await using own = await fakeTools();
  await using strangers = await fakeTools();
  const { sandbox, haft } = await userWith(own);
  await using _ = sandbox;
  const host = new URL(strangers.url).host;
  sandbox.manifest('[tools]\nesbuild = "1.0.0"\n');
  writeFileSync(
    join(sandbox.project, ".npmrc"),
    `registry=${strangers.url}\n//${host}/:_authToken=\${NPM_TOKEN}\n`,
  );

  const untrusted = await haft(sandbox.project, "sync");
  assertEquals(untrusted.code, 0, untrusted.stderr);
  assertStringIncludes(
    untrusted.stderr,
    `.npmrc of "${sandbox.project}" is not trusted and counts for nothing`,
  );
  assertEquals(heard(strangers), "");
  assert(own.requests.length > 0);

  const shown = await haft(sandbox.project, "trust", "--show");
  assertStringIncludes(shown.stdout, "is not trusted: .npmrc");
  assertStringIncludes(shown.stdout, `packages come from ${host}`);
  assertStringIncludes(shown.stdout, `$NPM_TOKEN is sent to ${host}`);

  assertEquals((await haft(sandbox.project, "trust")).code, 0);
  rmSync(join(sandbox.project, "haft.lock"));
  const trusted = await haft(sandbox.project, "sync", "--force");
  assertEquals(trusted.code, 0, trusted.stderr);
  assertStringIncludes(heard(strangers), "the-canary");

  writeFileSync(join(sandbox.project, ".npmrc"), `registry=${strangers.url}other/\n`);
  assertStringIncludes((await haft(sandbox.project, "sync", "--force")).stderr, "counts for nothing");
});

for (
  const [what, npmrc] of [
    ["$NAME without braces", "//HOST/:_authToken=$NPM_TOKEN\n"],
    ["a user and a password", "//HOST/:username=x\n//HOST/:_password=$NPM_TOKEN\n"],
    ["a variable in the address", "registry=http://HOST/${NPM_TOKEN}/\n"],
    ["a scope's registry", "@scope:registry=http://HOST/\n//HOST/:_authToken=${NPM_TOKEN}\n"],
    ["a key in quotes", '"registry"="http://HOST/"\n'],
    [
      "keys put together from defaults of variables",
      "${Z:-reg}${Z:-istry}=http:/${Z:-/}HOST/\n/${Z:-/}HOST/:_a${Z:-uthToken}=${NPM_TOKEN}\n",
    ],
    ["whole keys that are defaults", "${Z:-registry}=http://HOST/\n${Z:-//HOST/:_authToken}=${NPM_TOKEN}\n"],
    ["a key in escapes", '"reg\\u0069stry"="http://HOST/"\n'],
    ["a key behind a byte order mark", "\ufeffregistry=http://HOST/\n"],
  ] as const
) {
  Deno.test(`an untrusted .npmrc with ${what} sends nothing anywhere`, async () => {
    await using own = await fakeTools();
    await own.addPackage({ name: "say-hello", version: "1.0.0", bin: "cli.js" }, {
      "cli.js": { content: "#!/usr/bin/env node\n", mode: 0o755 },
    });
    await own.addPackage({ name: "@scope/tool", version: "1.0.0", bin: "cli.js" }, {
      "cli.js": { content: "#!/usr/bin/env node\n", mode: 0o755 },
    });
    await using strangers = await fakeTools();
    const { sandbox, haft } = await userWith(own);
    await using _ = sandbox;
    sandbox.manifest(
      '[tools]\nesbuild = "1.0.0"\n"npm:say-hello" = "1.0.0"\n"npm:@scope/tool" = "1.0.0"\n',
    );
    writeFileSync(join(sandbox.project, ".npmrc"), npmrc.replaceAll("HOST", new URL(strangers.url).host));
    const { code, stderr } = await haft(sandbox.project, "sync");
    assertEquals(code, 0, stderr);
    assertEquals(heard(strangers), "");
    assertEquals(heard(own).includes("the-canary"), false);
  });
}

Deno.test("no key of a project's .npmrc is put together from variables, before trust and after", async () => {
  await using own = await fakeTools();
  await using strangers = await fakeTools();
  const { sandbox, haft } = await userWith(own);
  await using _ = sandbox;
  sandbox.manifest('[tools]\nesbuild = "1.0.0"\n[env]\nA = "b"\n');
  writeFileSync(join(sandbox.project, ".npmrc"), `\${Z:-registry}=${strangers.url}\n`);
  assertEquals((await haft(sandbox.project, "trust")).code, 0);
  const { code, stderr } = await haft(sandbox.project, "sync");
  assertEquals([code, heard(strangers)], [0, ""], stderr);
});

Deno.test("auto_install and mirrors of a project count only after trust; the user's own settings need none", async () => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  const run = (...args: string[]) => sandbox.run(binary, { args });
  sandbox.manifest('[tools]\nesbuild = "1.0.0"\n[settings]\nauto_install = true\n');
  const untrusted = await run("exec", "esbuild");
  assertEquals([untrusted.code, sandbox.installed()], [1, []]);
  assertEquals((await run("trust")).code, 0);
  assertEquals((await run("exec", "esbuild")).stdout, "esbuild 1.0.0: |\n");

  await run("uninstall", "esbuild", "--all");
  await run("trust", "--revoke");
  assertEquals((await run("exec", "esbuild")).code, 1);
  mkdirSync(join(sandbox.haftHome, "config"), { recursive: true });
  writeFileSync(join(sandbox.haftHome, "config", "config.toml"), "[settings]\nauto_install = true\n");
  assertEquals((await run("exec", "esbuild")).stdout, "esbuild 1.0.0: |\n");

  sandbox.manifest('[tools]\nesbuild = "1.0.0"\n[mirrors]\n"https://a.example/" = "https://b.example/"\n');
  assertStringIncludes((await run("sync")).stderr, "[mirrors] of");
});

/** A project whose task writes a file: it was run, or it was not. */
function withTask(project: string): void {
  mkdirSync(project, { recursive: true });
  writeFileSync(
    join(project, "haft.toml"),
    '[tasks]\nbuild = { run = "./run.sh", dotenv = ".env" }\n[env]\nNAME = "value"\n',
  );
  writeFileSync(join(project, "run.sh"), "#!/bin/sh\necho ran > ran.txt\n");
  chmodSync(join(project, "run.sh"), 0o755);
}

async function withStops(test: (sandbox: Sandbox, run: Run) => Promise<void>): Promise<void> {
  await using sandbox = await Sandbox.create({ registry: "http://127.0.0.1:9/" });
  const run: Run = (cwd, args, env = {}) => sandbox.run(binary, { args, cwd, env });
  try {
    await test(sandbox, run);
  } finally {
    await run(sandbox.project, ["daemon", "stop"]);
  }
}

type Run = (cwd: string, args: string[], env?: Record<string, string>) => Promise<RunResult>;

Deno.test("a link to a trusted haft.toml does not make the directory with the link trusted", () =>
  withStops(async (sandbox, run) => {
    const [good, evil] = [join(sandbox.root, "good"), join(sandbox.root, "evil")];
    for (const project of [good, evil]) withTask(project);
    rmSync(join(evil, "haft.toml"));
    symlinkSync(join(good, "haft.toml"), join(evil, "haft.toml"));
    await run(good, ["trust"]);
    assertEquals((await run(good, ["task", "run", "build"])).code, 0);
    const borrowed = await run(evil, ["task", "run", "build"]);
    assertEquals([borrowed.code, existsSync(join(evil, "ran.txt"))], [1, false], borrowed.stderr);
    assertEquals((await run(evil, ["task", "start", "build"])).code, 1);
    assertStringIncludes(borrowed.stderr, `"${join(evil, "haft.toml")}" is not trusted`);
    assertEquals((await run(evil, ["env"])).code, 1);
    // Its owner may trust it, and then it runs where the link is.
    await run(evil, ["trust"]);
    assertEquals((await run(evil, ["task", "run", "build"])).code, 0);
    assertEquals(existsSync(join(evil, "ran.txt")), true);
  }));

Deno.test("another directory in a trusted one's place is not trusted", () =>
  withStops(async (sandbox, run) => {
    const project = join(sandbox.root, "swapped");
    withTask(project);
    await run(project, ["trust"]);
    assertEquals((await run(project, ["task", "run", "build"])).code, 0);
    renameSync(project, `${project}-old`);
    withTask(project);
    const { code, stderr } = await run(project, ["task", "run", "build"]);
    assertEquals([code, existsSync(join(project, "ran.txt"))], [1, false], stderr);
    assertEquals((await run(project, ["task", "start", "build"])).code, 1);
  }));

Deno.test("a worktree of a trusted repository is trusted while it says the same, and a copy is not", () =>
  withStops(async (sandbox, run) => {
    const main = join(sandbox.root, "main");
    withTask(main);
    const git = (...args: string[]) =>
      execFileSync("git", ["-c", "user.name=T", "-c", "user.email=t@example.org", ...args], {
        cwd: main,
        stdio: "pipe",
      });
    git("init", "--quiet");
    git("add", ".");
    git("commit", "--quiet", "-m", "first");
    await run(main, ["trust"]);
    const feature = join(sandbox.root, "feature");
    git("worktree", "add", "--quiet", feature);
    assertEquals((await run(feature, ["env"])).code, 0);
    assertEquals((await run(feature, ["task", "run", "build"])).code, 0);
    // Each of the files that decide: the manifest, the settings of npm, the variables of a file.
    const manifest = readFileSync(join(feature, "haft.toml"), "utf8");
    writeFileSync(join(feature, "haft.toml"), '[env]\nNAME = "another"\n');
    assertEquals((await run(feature, ["env"])).code, 1);
    writeFileSync(join(feature, "haft.toml"), manifest);
    for (const [file, text] of [[".npmrc", "registry=http://127.0.0.1:9/\n"], [".env", "PATH=./evil\n"]]) {
      assertEquals((await run(feature, ["env"])).code, 0);
      writeFileSync(join(feature, file ?? ""), text ?? "");
      assertEquals((await run(feature, ["env"])).code, 1, file);
      rmSync(join(feature, file ?? ""));
    }
    const copy = join(sandbox.root, "copy");
    execFileSync("cp", ["-R", main, copy]);
    assertEquals((await run(copy, ["env"])).code, 1);
  }));

Deno.test("a file of variables is the user's to edit, but what of it runs code is trusted like a command", () =>
  withStops(async (sandbox, run) => {
    const { project } = sandbox;
    const manifest = `[tasks]
show = { run = 'echo "$DATABASE $EXTRA"', dotenv = ".env" }
[apps.web]
command = 'echo "web $DATABASE"; sleep 600'
env_file = "web.env"
restart = "no"
`;
    writeFileSync(join(project, "haft.toml"), manifest);
    const env = join(project, ".env");
    writeFileSync(env, "DATABASE=one\n");
    writeFileSync(join(project, "web.env"), "DATABASE=one\n");
    await run(project, ["trust"]);
    const show = () => run(project, ["task", "run", "show"]);
    assertStringIncludes((await show()).stdout, "one");
    writeFileSync(env, "DATABASE=two\nEXTRA=new\n");
    assertStringIncludes((await show()).stdout, "two new");

    // As a pull might bring them.
    const evil = join(project, "evil");
    mkdirSync(evil);
    for (const name of ["echo", "sh", "printf"]) {
      writeFileSync(join(evil, name), `#!/bin/sh\n: > ${join(project, "ran-evil")}\n`, { mode: 0o755 });
    }
    writeFileSync(join(evil, "rc"), `: > ${join(project, "ran-evil")}\n`);
    for (const line of [`PATH=${evil}:/usr/bin:/bin`, `export BASH_ENV='${evil}/rc'`, `ENV: ${evil}/rc`]) {
      writeFileSync(env, `DATABASE=two\n${line}\n`);
      const refused = await show();
      assertEquals([refused.code, refused.stdout], [1, ""], line);
      assertStringIncludes(refused.stderr, "[apps], [tasks], .env can run code");
      assertEquals((await run(project, ["task", "start", "show"])).code, 1);
      assertEquals((await run(project, ["app", "start", "web"])).code, 1);
    }
    const shown = await run(project, ["trust", "--show"]);
    assertStringIncludes(shown.stdout, `.env sets ENV = ${evil}/rc`);
    writeFileSync(env, "DATABASE=three\n");
    assertStringIncludes((await show()).stdout, "three");
    assertEquals((await run(project, ["app", "start", "web"])).code, 0);

    // What starts again looks again.
    writeFileSync(join(project, "web.env"), `LD_PRELOAD=${evil}/rc\n`);
    const restarted = await run(project, ["app", "restart", "web"]);
    assert(restarted.code !== 0, restarted.stdout);
    assertStringIncludes(restarted.stderr, "web.env can run code");
    assertEquals(existsSync(join(project, "ran-evil")), false);
    await run(project, ["trust"]);
    writeFileSync(join(project, "web.env"), "DATABASE=four\n");
    assertEquals((await run(project, ["app", "start", "web"])).code, 0);
  }));

Deno.test("HAFT_TRUST=1 trusts where no one can be asked, and the error says so", () =>
  withStops(async (sandbox, run) => {
    const { project } = sandbox;
    withTask(project);
    const untrusted = await run(project, ["env"]);
    assertEquals(untrusted.code, 1);
    assertStringIncludes(untrusted.stderr, "set HAFT_TRUST=1");
    assertStringIncludes((await run(project, ["task", "run", "build"])).stderr, "set HAFT_TRUST=1");
    assertEquals((await run(project, ["env"], { HAFT_TRUST: "1" })).code, 0);
    assertEquals((await run(project, ["env"])).code, 1, "it trusts nothing for later");
    assertEquals((await run(project, ["task", "start", "build"], { HAFT_TRUST: "1" })).code, 0);

    const other = join(sandbox.root, "other");
    withTask(other);
    const later = await run(other, ["task", "start", "build"]);
    assertEquals(
      [later.code, existsSync(join(other, "ran.txt"))],
      [1, false],
      "a daemon keeps it for no one",
    );
  }));

Deno.test("what is not trusted ends every command with exit code 1 and one JSON error, haft watch too", () =>
  withStops(async (sandbox, run) => {
    const { project } = sandbox;
    writeFileSync(
      join(project, "haft.toml"),
      '[env]\nX = "1"\n[tasks]\nt = "touch ran.txt"\n[apps.web]\ncommand = "touch ran.txt"\n',
    );
    const commands = [
      "run t",
      "run -- true",
      "env",
      "exec -- sh",
      "task start t",
      "app start",
      "app start web",
    ];
    for (const command of [...commands, "app up", "app up -d", "watch t"]) {
      const { code, stdout, stderr } = await run(project, command.split(" "));
      assertEquals([command, code, stdout], [command, 1, ""], stderr);
      assertStringIncludes(stderr, "is not trusted");
    }
    for (const command of ["run --json t", "task start --json t", "app start --json", "watch --json t"]) {
      const { code, stderr } = await run(project, command.split(" "));
      const last = JSON.parse(stderr.trim().split("\n").at(-1) ?? "");
      assertEquals([command, code, last.error.name], [command, 1, "UntrustedError"]);
    }
    assertEquals(existsSync(join(project, "ran.txt")), false);
  }));

Deno.test("sync --locked needs no trust, and leaves the variables of installers out", async () => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  const run = (...args: string[]) => sandbox.run(binary, { args });
  sandbox.manifest('[tools]\nesbuild = "1.0.0"\n');
  await run("sync");
  sandbox.manifest(
    '[tools]\nesbuild = { version = "1.0.0", install_env = { NODE_OPTIONS = "-r ./x.js" } }\n',
  );
  await run("uninstall", "esbuild", "--all");
  assertEquals((await run("sync")).code, 1);
  const { code, stderr } = await run("sync", "--locked");
  assertEquals([code, sandbox.installed()], [0, ["esbuild/1.0.0"]], stderr);
  assertStringIncludes(stderr, "install_env of esbuild is left out");
});

Deno.test("on a terminal a change is asked about once, in place, with what changed in what can run", async () => {
  await using sandbox = await Sandbox.create({ registry: "http://127.0.0.1:9/" });
  const { project } = sandbox;
  const onTerminal = (answer: string) =>
    sandbox.terminal(binary, { args: ["env", "--shell", "bash"], columns: 100, input: `${answer}\n` });
  writeFileSync(join(project, "haft.toml"), '[env]\nFIRST = "1"\n[tasks]\nkept = "make"\n');
  const no = await onTerminal("n");
  assertStringIncludes(no.stdout, '+ env.FIRST = "1"');
  assertMatch(no.stdout, /is not trusted, and its \[env\], \[tasks\] can run code/);
  const yes = await onTerminal("y");
  assertStringIncludes(yes.stdout, "export FIRST='1'");
  const again = await sandbox.terminal(binary, { args: ["env", "--shell", "bash"], columns: 100 });
  assertEquals(again.stdout.includes("Trust it?"), false, again.stdout);

  writeFileSync(join(project, "haft.toml"), '[env]\nFIRST = "2"\n[tasks]\nkept = "make"\n');
  const changed = await onTerminal("y");
  assertStringIncludes(changed.stdout, '- env.FIRST = "1"');
  assertStringIncludes(changed.stdout, '+ env.FIRST = "2"');
  assertEquals(changed.stdout.includes("tasks.kept"), false, changed.stdout);
  assertStringIncludes(changed.stdout, "export FIRST='2'");
  writeFileSync(join(project, "haft.toml"), '[env]\nFIRST = "1"\n[tasks]\nkept = "make"\n');
  const back = await sandbox.terminal(binary, { args: ["env", "--shell", "bash"], columns: 100 });
  assertStringIncludes(back.stdout, "export FIRST='1'");
  assertEquals(readFileSync(join(sandbox.haftHome, "state", "trust.json"), "utf8").includes("FIRST"), true);
});

Deno.test("a justfile is trusted with the files that it imports, in a worktree too", () =>
  withStops(async (sandbox, run) => {
    const main = join(sandbox.root, "main");
    mkdirSync(main);
    writeFileSync(join(main, "justfile"), "import 'more.just'\nbuild:\n  echo build\n");
    writeFileSync(join(main, "more.just"), "more:\n  echo more\n");
    writeFileSync(join(main, "package.json"), '{"scripts": {"lint": "echo lint"}}');
    const git = (...args: string[]) =>
      execFileSync("git", ["-c", "user.name=T", "-c", "user.email=t@example.org", ...args], {
        cwd: main,
        stdio: "pipe",
      });
    git("init", "--quiet");
    git("add", ".");
    git("commit", "--quiet", "-m", "first");
    const bin = join(sandbox.root, "bin");
    mkdirSync(bin);
    for (const name of ["just", "npm"]) {
      writeFileSync(join(bin, name), `#!/bin/sh\necho "${name} $*"\n`, { mode: 0o755 });
    }
    const PATH = `${bin}:/usr/bin:/bin`;
    for (const task of ["build", "lint"]) {
      const asked = await sandbox.shell(
        binary,
        `cd ${main}; export PATH=${PATH}; printf 'y\\n' | script -qec '${
          binary.argv[0]
        } run ${task}' /dev/null`,
      );
      assertMatch(asked.stdout, task === "build" ? /^just build/m : /^npm run --silent lint/m);
    }
    const feature = join(sandbox.root, "feature");
    git("worktree", "add", "--quiet", feature);
    for (const [directory, file, task] of [[main, "more.just", "build"], [feature, "more.just", "build"]]) {
      assertEquals((await run(directory ?? "", ["run", task ?? ""], { PATH })).code, 0);
      writeFileSync(join(directory ?? "", file ?? ""), "build:\n  echo evil\n");
      const refused = await run(directory ?? "", ["run", task ?? ""], { PATH });
      assertEquals([refused.code, refused.stdout], [1, ""]);
      assertStringIncludes(refused.stderr, "[tasks], more.just can run code");
    }
    assertEquals((await run(feature, ["run", "lint"], { PATH })).code, 0);
    writeFileSync(join(feature, ".npmrc"), "script-shell=./evil\n");
    const shell = await run(feature, ["run", "lint"], { PATH });
    assertEquals([shell.code, shell.stdout], [1, ""]);
    assertStringIncludes(shell.stderr, "[scripts], .npmrc can run code");
  }));

Deno.test("a question that was answered with no, or with the end of the input, is not asked again", async () => {
  await using sandbox = await Sandbox.create({ registry: "http://127.0.0.1:9/" });
  sandbox.manifest('[tasks]\nrisky = "echo ran"\n[apps]\nrisky = "echo ran"\n');
  for (
    const args of [["task", "run", "risky"], ["task", "start", "risky"], ["app", "start", "risky"], [
      "app",
      "up",
    ]]
  ) {
    for (const input of ["n\n", undefined]) {
      const { code, stdout } = await sandbox.terminal(binary, {
        args,
        columns: 100,
        ...(input === undefined ? {} : { input }),
      });
      assertEquals(stdout.split("Trust it?").length - 1, 1, stdout);
      assertEquals(code, 1);
    }
  }
});

Deno.test("projects that are trusted at the same moment are all trusted", async () => {
  await using sandbox = await Sandbox.create({ registry: "" });
  const projects = Array.from({ length: 8 }, (_, index) => join(sandbox.root, `p${index}`));
  for (const project of projects) withTask(project);
  const results = await Promise.all(
    projects.map((cwd) => sandbox.run(binary, { args: ["trust"], cwd })),
  );
  assertEquals(results.map(({ code }) => code), projects.map(() => 0));
  const { stdout } = await sandbox.run(binary, { args: ["trust", "--list", "--json"] });
  assertEquals(JSON.parse(stdout), projects.map((project) => join(project, "haft.toml")));
});

Deno.test("trust of another program's file of tasks is given, shown and taken back by its name", async () => {
  await using sandbox = await Sandbox.create({ registry: "" });
  const haft = (...args: string[]) => sandbox.run(binary, { args });
  const file = join(sandbox.project, "package.json");
  writeFileSync(file, '{"scripts": {"hello": "echo hello > ran"}}');
  const untrusted = await haft("run", "hello");
  assertEquals(untrusted.code, 1);
  assertStringIncludes(untrusted.stderr, 'run "haft trust package.json"');
  assertStringIncludes(
    (await haft("trust")).stderr,
    '\n  Run "haft trust package.json" there for its tasks\n',
  );
  assertStringIncludes((await haft("trust", "--show", "package.json")).stdout, "is not trusted: [scripts]");
  const trusted = await haft("trust", "package.json");
  assertEquals([trusted.code, trusted.stdout.includes("echo hello > ran")], [0, true], trusted.stderr);
  assertEquals((await haft("run", "hello")).code, 0);
  assertEquals(JSON.parse((await haft("trust", "--list", "--json")).stdout), [file]);
  assertEquals((await haft("trust", "--revoke", file)).code, 0);
  assertEquals((await haft("run", "hello")).code, 1);
});
