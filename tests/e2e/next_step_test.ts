/** What haft answers when somebody is wrong: the cause, where it is, and the command that is meant. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fakeTools } from "./fake_tools.ts";
import { project, start } from "./task_sandbox.ts";
import { binary, Sandbox } from "./support.ts";

const MANIFEST = `[tools]
node = "22"
[apps.web]
command = ["sleep", "60"]
[tasks.build]
run = "true"
`;

const rows: [args: string[], code: number, stderr: RegExp][] = [
  [["which", "nodee"], 1, /provides "nodee"\n {2}Did you mean "node"\?\n$/],
  [
    ["which", "nodee", "--json"],
    1,
    /^\{"error":\{"name":"HaftError",.*"next":"Did you mean \\"node\\"\?"\}\}\n$/,
  ],
  [
    ["app", "logs", "nope", "--json"],
    4,
    /^\{"error":\{"name":"[a-z_]+","message":"App \\"nope\\" not found.*\}\n$/,
  ],
  [["exec", "nodee"], 1, /Did you mean "node"\?\n$/],
  [["which", "tsc"], 1, /"typescript" has it: "haft use typescript" adds it/],
  [["exec", "rg"], 1, /"ripgrep" has it: "haft use ripgrep" adds it/],
  [["which", "biomee"], 1, /Did you mean "biome"\?/],
  [["which", "no-such-thing"], 1, /"haft search no-such-thing" .*"npm:name"/],
  [["use", "gofmt"], 2, /Unknown tool "gofmt"\n {2}"go" has it: write "go"/],
  [["install", "rg"], 1, /"ripgrep" has it: write "ripgrep"/],
  [["task", "logs", "nope"], 4, /There is no task with the id "nope"\n {2}Run "haft task list"/],
  [["task", "wait", "build"], 4, /There is no task with the id "build"\n {2}.*"haft run NAME"/],
  [["task", "cancel", "0123456789ab"], 4, /There is no task 0123456789ab.*\n {2}Run "haft task list"/],
  [["run", "zzz"], 2, /does not read the Makefile there: "haft run -- make zzz"/],
  [["task", "start", "zzz"], 4, /does not read the Makefile there: "haft run -- make zzz"/],
  [["config", "set", "trusted_paths", "/d"], 2, /haft config set settings\.trusted_paths '\["\/d"\]'/],
  [["config", "set", "daemon.idle_exit", "3h"], 2, /haft config set daemon\.idle_exit 10800"/],
  [["task", "run", "biuld"], 2, /has no task "biuld"\n {2}Did you mean "build"\?/],
  [["app", "logs", "nope"], 4, /App "nope" not found.*\n {2}.*web/],
  [["add", "biome"], 2, /"haft use TOOL"/],
  [["update"], 2, /"haft upgrade".*"haft self update"/],
  [["tets"], 2, /Run a task with "haft run test"/],
  [["lsit"], 2, /List tools with "haft ls"/],
  [["info", "nope"], 2, /Unknown tool "nope"\n {2}Tools outside the catalogue/],
  [["upgrdae"], 2, /Did you mean "haft upgrade"\?/],
  [["list"], 2, /"haft ls".*"haft app list".*"haft tasks"/],
  [["logs"], 2, /"haft app logs".*"haft task logs ID".*"haft daemon logs"/],
  [["remove", "nodee"], 2, /Did you mean "node"\?/],
  [["versions", "node"], 2, /"haft ls-remote TOOL"/],
  // What the project has by that name comes before what other tools mean by it.
  [["build"], 2, /"build" is a task of this project: run it with "haft run build"/],
  [["web"], 2, /"web" is an app of this project: start it with "haft app start web"/],
  [["node"], 2, /"node" is a tool of this project: run it with "haft exec node"/],
  [["config", "st", "jobs", "4"], 2, /"haft config" has no "st"\n {2}Did you mean "set"\?/],
  [["config", "get", "jbos"], 1, /Did you mean "settings\.jobs"\?/],
  [["config", "get", "daemon.idle"], 1, /Did you mean "daemon\.idle_exit"\?/],
  [["plugins"], 2, /"haft ls --available"/],
  [["run", "--list"], 2, /Unknown option --list .*\n {2}"haft tasks" lists the tasks/],
  [["watch", "-l"], 2, /Unknown option -l .*\n {2}"haft tasks" lists the tasks/],
  [
    ["ipc-send", "runtime.resolve", "runtme=deno"],
    4,
    /parameter "runtme" is unknown .*\n {2}.* takes runtime/,
  ],
  [["app", "status", "--all"], 2, /Unknown option --all .*\n {2}Did you mean --every-project\?/],
  [["install", "esbuild@"], 2, /names no version\n {2}Write "esbuild", .* such as "esbuild@latest"/],
  [["uninstall", "node"], 1, /"node" is not installed\n {2}Run "haft ls --installed"/],
  [["ipc-send", "daemon.pong"], 4, /Unknown method "daemon\.pong".*\n {2}Did you mean "daemon\.ping"\?/],
  [
    ["ipc-send", "app.start", "foo=1"],
    4,
    /"app\.start" takes cwd, root, names, config.*; "haft ipc-send --describe app\.start"/,
  ],
  [["ipc-send", "task.status"], 4, /"task\.status" takes id \(required\)/],
  [["ipc-send", "app.up"], 4, /give cwd or root/],
];

Deno.test("what somebody gets wrong is answered with what is meant here", async () => {
  await using daemon = await project(binary, MANIFEST);
  writeFileSync(join(daemon.sandbox.project, "Makefile"), "zzz:\n");
  for (const [args, code, stderr] of rows) {
    const result = await daemon.run(...args);
    assertEquals([args, result.code, result.stdout], [args, code, ""], result.stderr);
    assertMatch(result.stderr, stderr, args.join(" "));
  }
});

Deno.test("haft ls --available lists the catalogue", async () => {
  await using sandbox = await Sandbox.create();
  const { code, stdout } = await sandbox.run(binary, { args: ["ls", "--available"] });
  assertEquals(code, 0);
  assertMatch(stdout, /^biome +\S/m);
  const json = await sandbox.run(binary, { args: ["ls", "--available", "--json"] });
  assertEquals(JSON.parse(json.stdout).length, stdout.trimEnd().split("\n").length);
});

Deno.test("haft daemon stop says what it stopped, and what it left running", async () => {
  await using daemon = await project(binary, MANIFEST);
  await daemon.run("app", "start", "web");
  await start(daemon, "--", "sleep", "60");
  assertMatch(
    (await daemon.run("daemon", "stop", "--keep-apps")).stderr,
    /has stopped; 1 app and 1 task left running\n$/,
  );
  await daemon.run("daemon", "start");
  const { pid } = await daemon.call("daemon.status");
  const settings = join(daemon.sandbox.haftHome, "config", "config.toml");
  mkdirSync(dirname(settings), { recursive: true });
  writeFileSync(settings, "[daemon]\nidle_exit = true\n");
  assertMatch((await daemon.run("daemon", "restart")).stderr, /idle_exit" must be a number/);
  rmSync(settings);
  assertEquals((await daemon.call("daemon.status"))["pid"], pid);
  assertMatch((await daemon.run("daemon", "stop")).stderr, /has stopped, and with it 1 app and 1 task\n$/);
  assertEquals((await daemon.run("daemon", "stop")).stderr, "No daemon is running\n");
});

Deno.test("haft daemon stop does not count a task in front, which goes on", async () => {
  await using daemon = await project(binary, '[tasks.slow]\nrun = "echo begun; exec sleep 600"\n');
  await daemon.start();
  const { stdout } = await daemon.sandbox.shell(
    binary,
    `${binary.argv[0]} run slow > out & until grep -q begun out; do sleep 0.02; done
     until haft task list | grep -q running; do sleep 0.02; done
     haft daemon stop 2>&1; haft task list | grep -c running; kill $!; wait`,
  );
  assertMatch(stdout, /has stopped\n1\n$/);
});

Deno.test("broken TOML is named at the line where the mistake begins", async () => {
  await using sandbox = await Sandbox.create();
  sandbox.manifest(
    '[tools]\nesbuild = "0.25"\n\n[apps.web]\ncommand = ["node",\n  "app.js"\nautostart = true\n',
  );
  for (const args of [["sync"], ["ls"], ["trust"], ["doctor"]]) {
    const { code, stdout, stderr } = await sandbox.run(binary, { args });
    assertEquals([args, code === 0], [args, false]);
    assertStringIncludes(stdout + stderr, "haft.toml:5:11: this list is not closed");
    assertMatch(stdout + stderr, /\n +5 \| command = \["node",\n +\| {11}\^\n/);
  }
});

Deno.test("haft uninstall removes the only version that is installed, as its help says, and asks which of several", async () => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  const haft = (...args: string[]) => sandbox.run(binary, { args });
  assertStringIncludes((await haft("uninstall", "--help")).stdout, "haft uninstall TOOL[@VERSION]");
  await haft("install", "esbuild@1.2.0");
  assertEquals((await haft("uninstall", "esbuild")).stdout, "Removed esbuild 1.2.0\n");
});

Deno.test("cwd means the project in every method about apps, and relative paths are the caller's", async () => {
  await using daemon = await project(binary, MANIFEST);
  const below = join(daemon.sandbox.project, "src", "deep");
  mkdirSync(below, { recursive: true });
  for (
    const method of [
      "app.start",
      "app.status",
      "app.list",
      "app.restart",
      "app.logs",
      "app.stop",
      "app.up",
      "app.down",
    ]
  ) {
    const { code, stdout, stderr } = await daemon.sandbox.run(binary, {
      args: ["ipc-send", method, "cwd=."],
      cwd: below,
    });
    assertEquals([method, code, stderr], [method, 0, ""]);
    if (method === "app.logs") continue;
    assertMatch(stdout, /"name":"web"/, method);
  }
});

Deno.test("a directory in the place of haft.toml is named by every command that needs one", async () => {
  await using sandbox = await Sandbox.create();
  mkdirSync(join(sandbox.project, "haft.toml"));
  for (const args of [["check"], ["sync"], ["trust"], ["app", "start"]]) {
    const { code, stderr } = await sandbox.run(binary, { args });
    assertEquals([args, code === 0], [args, false]);
    assertMatch(
      stderr,
      /haft\.toml": a directory is in its place|haft\.toml" is a directory/,
      args.join(" "),
    );
  }
});
