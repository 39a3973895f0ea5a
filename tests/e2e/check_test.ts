/** `haft check`, and what else says where a haft.toml is wrong; `haft init`, whose file is sound. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binary, Sandbox } from "./support.ts";

interface Problem {
  line: number;
  column: number;
  key: string | null;
  message: string;
  next: string | null;
}

const rows: [name: string, manifest: string, problems: string[]][] = [
  ["an unknown section", '[tools]\n[tols]\nnode = "1"\n', [
    '2:1 key "tols" is not known (Did you mean "tools"?)',
  ]],
  [
    "unknown keys, all of them",
    '[tools.node]\nversion = "22"\nverzion = "1"\n\n[apps.web]\ncommand = "x"\n  comand = "y"\n\n[tasks.t]\nrun = "x"\ninput = "a"\n',
    [
      '3:1 key "tools.node.verzion" is not known (Did you mean "version"?)',
      '7:3 key "apps.web.comand" is not known (Did you mean "command"?)',
      '11:1 key "tasks.t.input" is not known (Did you mean "inputs"?)',
    ],
  ],
  ["a key of an inline table", '[tools]\nnode = { version = "22", sorce = "npm" }\n', [
    '2:26 key "tools.node.sorce" is not known (Did you mean "source"?)',
  ]],
  ["a tool that the catalogue does not have", '[tools]\nbiom = "2"\n', [
    '2:1 Unknown tool "biom" (Did you mean "biome"?)',
  ]],
  ["sections that are the user's alone", '[daemon]\nidle_exit = 1\n[fleet]\nhost = "web1"\n', [
    '1:1 key "daemon" must be left to your own config.toml (the daemon is yours, not the project\'s)',
    '3:1 key "fleet" must be left to your own config.toml (who may use this machine is your choice)',
  ]],
  [
    "all that is wrong with one app",
    '[apps.web]\ncommand = "x"\ndepends_on = ["bd"]\nschedule = "often"\n[apps.web.health]\nhttp = "localhost:80"\n' +
    '[apps.db]\ncommand = "y"\n',
    [
      '3:1 key "apps.web.depends_on.bd" names no app (Did you mean "db"?)',
      '4:1 key "apps.web.schedule" is no schedule: "often"',
      '6:1 key "apps.web.health.http" must be an address such as "http://localhost:8080/", not "localhost:80"',
    ],
  ],
  ["a setting that is the user's alone", '[settings]\ntrusted_paths = ["/"]\n', [
    '2:1 key "settings.trusted_paths" must be left to your own config.toml (a project cannot trust itself)',
  ]],
  [
    "a PATH that would be the text $PATH",
    '[env]\nPATH = "bin:$PATH"\n[tasks.t]\nrun = "x"\nenv = { PATH = "${PATH}:b" }\n',
    [
      '2:1 key "env.PATH" must be a list of directories without $PATH, which is filled in for apps alone, not "bin:$PATH"',
      '5:9 key "tasks.t.env.PATH" must be a list of directories without $PATH, which is filled in for apps alone, not "${PATH}:b"',
    ],
  ],
  ["a NUL in a variable", '[env]\nA = "x\\u0000y"\n', [
    '2:1 key "env.A" must be a text without NUL, not "x\\u0000y"',
  ]],
  ["a value of the wrong type", '[settings]\njobs = "many"\n', [
    '2:1 key "settings.jobs" must be a number, not "many"',
  ]],
  [
    "a list for a text, a value that is none of the words, and other programs' words",
    '[tools]\nnode = ["22"]\n[apps.web]\ncmd = "x"\ncommand = "x"\nrestart = "allways"\n[tasks.t]\ncmd = "x"\nrun = "x"\ndeps = ["u"]\ndescription = { a = 1 }\n',
    [
      '2:1 key "tools.node" must be a version (`"1.2"`) or a table with one, not a list',
      '4:1 key "apps.web.cmd" is not known (Did you mean "command"?)',
      '6:1 key "apps.web.restart" must be one of "no", "always", "on-failure"',
      '8:1 key "tasks.t.cmd" is not known (Did you mean "run"?)',
      '10:1 key "tasks.t.deps" is not known (Did you mean "depends"?)',
      '11:1 key "tasks.t.description" must be a string, not a table',
    ],
  ],
  ["a command that is missing", "[apps.web]\nautostart = true\n", ['1:1 key "apps.web.command" is missing']],
  [
    "apps that wait for none, for each other, and for a health check that is not there",
    '[apps.a]\ncommand = "x"\n[apps.a.depends_on]\nbb = "started"\nc = "healthy"\n[apps.b]\ncommand = "x"\ndepends_on = ["c"]\n[apps.c]\ncommand = "x"\ndepends_on = ["b"]\n',
    [
      '4:1 key "apps.a.depends_on.bb" names no app (Did you mean "b"?)',
      '5:1 key "apps.a.depends_on.c" waits for an app without a health check',
      "11:1 apps depend on each other in a circle: c → b → c",
    ],
  ],
  ["a schedule that is none", '[apps.w]\ncommand = "x"\nschedule = "every day"\n', [
    '3:1 key "apps.w.schedule" is no schedule',
  ]],
  [
    "tasks that depend on none and on each other",
    '[tasks.a]\nrun = "x"\ndepends = ["biuld"]\n[tasks.build]\nrun = "x"\ndepends = "c"\n[tasks]\nc = { run = "x", depends = ["build"] }\n',
    [
      '3:1 key "tasks.a.depends" names no task: "biuld" (Did you mean "build"?)',
      "6:1 tasks depend on each other in a circle: build → c → build",
    ],
  ],
  [
    "what a task depends on, also where another of its keys is wrong",
    '[tasks.a]\nrun = "x"\nshel = "sh"\ndepends_post = ["biuld"]\n[tasks.build]\nrun = 3\naliases = "b"\n[tasks.c]\ndepends = "b"\n',
    [
      '3:1 key "tasks.a.shel" is not known (Did you mean "shell"?)',
      '4:1 key "tasks.a.depends_post" names no task: "biuld" (Did you mean "build"?)',
      '6:1 key "tasks.build.run" must be',
    ],
  ],
  ["a task of a backend that is not there", '[tasks.t]\nbackend = "ml"\n', [
    '2:1 key "tasks.t.backend" names no backend: "ml"',
  ]],
  ["a backend's key", '[backends.ml]\ncommand = "x"\nmod = "legacy"\n', [
    '3:1 key "backends.ml.mod" is not known (Did you mean "mode"?)',
  ]],
  [
    "a tool's key with a slip, which is then missing, too; a text for a list",
    '[tools.esbuild]\nverson = "0.28"\nfoo = 1\n[tools]\nbiome = { version = "2", os = "linux" }\n',
    [
      '1:1 key "tools.esbuild.version" is missing',
      '2:1 key "tools.esbuild.verson" is not known (Did you mean "version"?)',
      '3:1 key "tools.esbuild.foo" is not known',
      '5:26 key "tools.biome.os" must be a list, not "linux" (Write ["linux"])',
    ],
  ],
  ["a tool above [tools]", 'deno = "2"\n', [
    '1:1 key "deno" is not known (A tool and its version stand below [tools]; known keys here: tools, ',
  ]],
  ["broken TOML", '[apps.web]\ncommand = ["node",\n  "app.js"\nautostart = true\n', [
    "2:11 this list is not closed",
  ]],
  ["the line ends of Windows", '[tools]\r\nnode = "22"\r\nbiom = "2"\r\n', [
    '3:1 Unknown tool "biom" (Did you mean "biome"?)',
  ]],
];

for (const [name, manifest, expected] of rows) {
  Deno.test(`haft check names file, line and column, with a caret: ${name}`, async () => {
    await using sandbox = await Sandbox.create();
    sandbox.manifest(manifest);
    const json = await sandbox.run(binary, { args: ["check", "--json"] });
    const problems: Problem[] = JSON.parse(json.stdout);
    assertEquals(json.code, 1);
    assertEquals(problems.length, expected.length, json.stdout);
    for (const [place, { line, column, message, next }] of problems.entries()) {
      const said = `${line}:${column} ${message}${next === null ? "" : ` (${next})`}`;
      assert(said.startsWith(expected[place] ?? "?"), `${said}\n${expected[place]}`);
    }
    const { code, stdout, stderr } = await sandbox.run(binary, { args: ["check"] });
    assertEquals(code, 1);
    const [first] = problems;
    assertStringIncludes(stdout, `haft.toml:${first?.line}:${first?.column}: ${first?.message}\n`);
    assertMatch(stdout, /^ {2}\d+ \| .*\n {2} +\| *\^$/m);
    assertMatch(stderr, /^\d+ problems? in .*haft\.toml\n$/);
    // The same place, wherever else it is met.
    const trusted = await sandbox.run(binary, { args: ["trust"] });
    const doctor = await sandbox.run(binary, { args: ["doctor"] });
    const sync = await sandbox.run(binary, { args: ["sync", "--offline"] });
    for (const text of [trusted, doctor, sync].map((run) => run.stdout + run.stderr)) {
      assertStringIncludes(text, `haft.toml:${first?.line}:${first?.column}: `);
    }
    assertEquals(doctor.code, 1);
  });
}

Deno.test("haft check says which word a wrong one is like, and a command names the file once", async () => {
  await using sandbox = await Sandbox.create();
  sandbox.manifest('[apps.web]\ncommand = "x"\nrestart = "allways"\n');
  assertMatch(
    (await sandbox.run(binary, { args: ["check"] })).stdout,
    /not "allways"\n(?:.*\n){2} {2}Did you mean "always"\?\n/,
  );
  const { stderr } = await sandbox.run(binary, { args: ["app", "start"] });
  assertEquals(stderr.split(join(sandbox.project, "haft.toml")).length, 2, stderr);
});

Deno.test("a command that cannot use a haft.toml names all that is wrong in it, as haft check does, each once", async () => {
  await using sandbox = await Sandbox.create();
  sandbox.manifest(
    '[tools]\nbiom = "2"\n[aps]\n[apps.web]\ncomand = "x"\n[apps.w]\ncommand = "x"\nschedule = "every day"\n[tasks.t]\nrun = "x"\ndepends = "u"\n',
  );
  const places = ["2:1", "3:1", "5:1", "8:1", "11:1"];
  const check = await sandbox.run(binary, { args: ["check"] });
  const doctor = await sandbox.run(binary, { args: ["doctor"] });
  for (const place of places) {
    assertStringIncludes(check.stdout, `haft.toml:${place}: `);
    assertStringIncludes(doctor.stdout + doctor.stderr, `haft.toml:${place}: `);
  }
  for (const args of [["sync"], ["trust"], ["run", "t"], ["app", "start"], ["ls"]]) {
    const { code, stderr } = await sandbox.run(binary, { args });
    assertEquals([args, code], [args, 2], stderr);
    for (const place of ["2:1", "3:1", "4:1", "5:1"]) {
      assertEquals(stderr.split(`haft.toml:${place}: `).length - 1, 1, `${args} ${place}\n${stderr}`);
    }
    assertMatch(stderr, /"haft check" shows 2 more problems\n$/);
  }
});

Deno.test("haft check names a circle of tasks through the names of a project above, from both sides", async () => {
  await using sandbox = await Sandbox.create();
  sandbox.manifest('[tasks]\na = { run = "echo a", depends = ["//below:b"] }\n');
  const below = join(sandbox.project, "below");
  mkdirSync(below);
  writeFileSync(join(below, "haft.toml"), '[tasks]\nb = { run = "echo b", depends = ["a"] }\n');
  const outer = await sandbox.run(binary, { args: ["check"] });
  const inner = await sandbox.run(binary, { args: ["check"], cwd: below });
  assertEquals([outer.code, inner.code], [1, 1]);
  assertStringIncludes(outer.stdout, "in a circle: a → //below:b → a");
  assertStringIncludes(inner.stdout, "in a circle: b → //:a → b");
});

Deno.test("haft check of a sound manifest says what it declares, finds it upwards, and takes a path", async () => {
  await using sandbox = await Sandbox.create();
  sandbox.manifest(
    '[tools]\nnode = "22"\nbiome = "2"\n[apps]\nweb = "sleep 1"\n[tasks]\nt = [["a"], ["b"]]\n',
  );
  const below = join(sandbox.project, "a", "b");
  mkdirSync(below, { recursive: true });
  const { code, stdout } = await sandbox.run(binary, { args: ["check"], cwd: below });
  assertEquals([code, stdout], [
    0,
    `${join(sandbox.project, "haft.toml")} is valid: 2 tools, 1 app, 1 task\n`,
  ]);
  assertEquals((await sandbox.run(binary, { args: ["check", "..", "--json"], cwd: below })).stdout, "[]\n");
  const none = await sandbox.run(binary, { args: ["check", "/"] });
  assertEquals(none.code, 1);
  assertMatch(none.stderr, /No haft\.toml in "\/".*\n {2}Run "haft init"/);
});

Deno.test("haft init proposes what the directory's files call for, and what it writes is sound", async () => {
  await using sandbox = await Sandbox.create();
  const write = (name: string, text: string) => writeFileSync(join(sandbox.project, name), text);
  write("go.mod", "module example.com/x\n\ngo 1.24\n");
  write("package.json", '{"engines": {"node": "22"}}');
  write("biome.json", "{}");
  write("Procfile", "web: node server.js --port $PORT\nworker: node worker.js\n# none\n");
  const { code, stdout } = await sandbox.run(binary, { args: ["init"] });
  assertEquals(code, 0);
  assertMatch(stdout, /node = "22" for package\.json/);
  assertMatch(stdout, /go = "1\.24" for go\.mod/);
  assertMatch(stdout, /app web: node server\.js --port \$PORT/);
  const text = readFileSync(join(sandbox.project, "haft.toml"), "utf8");
  assertMatch(text, /^#:schema https:\/\/\S+\/haft\.schema\.json\n/);
  assertStringIncludes(text, '[tools]\nnode = "22"\nbiome = "latest"\ngo = "1.24"\n');
  // The same apps as "haft app import" makes of it.
  const imported = await sandbox.run(binary, { args: ["app", "import", "Procfile"] });
  assertMatch(imported.stdout, /restart = "no"/);
  assert(text.endsWith(`\n# Its processes. "haft app up" starts them.\n\n${imported.stdout}`), text);
  const check = await sandbox.run(binary, { args: ["check"] });
  assertMatch(check.stdout, /is valid: 3 tools, 2 apps\n/);
});

Deno.test("haft alone says what to begin with where there is no project, and only its commands where there is one", async () => {
  await using sandbox = await Sandbox.create();
  const empty = await sandbox.run(binary, { args: [] });
  assertEquals([empty.code, empty.stdout], [2, ""]);
  assertMatch(
    empty.stderr,
    /There is no haft\.toml here\. To begin:\n {2}haft init .*\n {2}haft use node@22 /,
  );
  assertMatch((await sandbox.run(binary, { args: ["init"] })).stdout, /Next: "haft use TOOL" adds a tool/);
  assertEquals((await sandbox.run(binary, { args: [] })).stderr.includes("To begin"), false);
});
