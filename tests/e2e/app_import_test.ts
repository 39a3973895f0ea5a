import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary, everyHaft, Sandbox } from "./support.ts";

const PROGRAM = `const cpus = require("node:os").cpus().length;
require("node:fs").writeFileSync("ran", "");
console.log("noise");
module.exports = { apps: [{ name: "api", script: "api.js", env: { CPUS: cpus > 0, DIR: __dirname !== "" } }] };
`;

for (const haft of everyHaft) {
  Deno.test(`app import runs a configuration that is a program only after a yes [${haft.name}]`, async () => {
    await using sandbox = await Sandbox.create();
    const ran = join(sandbox.project, "ran");
    writeFileSync(join(sandbox.project, "ecosystem.config.js"), PROGRAM);
    writeFileSync(join(sandbox.project, "package.json"), "{}");
    const refused = await sandbox.run(haft, { args: ["app", "import", "ecosystem.config.js"] });
    assertEquals([refused.code, refused.stdout, existsSync(ran)], [1, "", false]);
    assertStringIncludes(refused.stderr, 'haft app import ecosystem.config.js --yes"');
    const { code, stdout, stderr } = await sandbox.run(haft, {
      args: ["app", "import", "ecosystem.config.js", "--yes"],
    });
    assertEquals(code, 0, stderr);
    assertStringIncludes(stdout, '[apps.api]\ncommand = [ "node", "api.js" ]');
    assertStringIncludes(stdout, "CPUS = true\nDIR = true");
    assert(existsSync(ran));
  });
}

Deno.test("app import reads .cjs, .mjs and .ts, and says what a program that fails says", async () => {
  await using sandbox = await Sandbox.create();
  const files = {
    "a.config.cjs": 'module.exports = { apps: [{ script: "a.js" }] };',
    "b.config.mjs":
      'import os from "node:os"; export default { apps: [{ script: `${os.EOL.length > 0 ? "b" : ""}.js` }] };',
    "c.config.ts":
      'const name: string = "c"; export default { apps: [{ name, script: "c.ts", interpreter: "node" }] };',
  };
  for (const [file, text] of Object.entries(files)) {
    writeFileSync(join(sandbox.project, file), text);
    const { code, stdout, stderr } = await sandbox.run(binary, { args: ["app", "import", file, "-y"] });
    assertEquals(code, 0, stderr);
    assertStringIncludes(stdout, `[apps.${file[0]}]`);
  }
  writeFileSync(join(sandbox.project, "d.config.js"), 'throw new Error("no database");');
  const { code, stderr } = await sandbox.run(binary, { args: ["app", "import", "d.config.js", "-y"] });
  assertEquals(code, 1);
  assertStringIncludes(stderr, "no database");
  writeFileSync(
    join(sandbox.project, "e.config.js"),
    'const a = { script: "a.js" }; a.self = a; module.exports = { apps: [a] };',
  );
  const circle = await sandbox.run(binary, { args: ["app", "import", "e.config.js", "-y"] });
  assertEquals(circle.code, 1);
  assertStringIncludes(circle.stderr, "it refers to itself");
});

Deno.test("what app import takes over runs as it did: variables, replicas and numbers with zeros", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const { project, root } = daemon.sandbox;
  const home = join(root, "home");
  mkdirSync(join(home, "x"));
  daemon.sandbox.manifest("");
  writeFileSync(
    join(project, "process-compose.yaml"),
    `processes:
  where: {command: "pwd", working_dir: "$HOME/x"}
  words: {entrypoint: ["echo", "\${HOME}", "$$5"]}
  several:
    command: "echo $PC_REPLICA_NUM of $PC_PROC_NAME on $PORT"
    replicas: 2
    environment: ["PORT=808\${PC_REPLICA_NUM}"]
  empty: {command: 'echo "$NESTED$PLUS"', environment: ["NESTED=\${NOPE:-\${HOME}}", "PLUS=\${HOME:+yes}"]}
  must: {command: "true", environment: ["MUST=\${NOPE:?say which}"]}
`,
  );
  writeFileSync(
    join(project, "supervisord.conf"),
    "[program:zeros]\ncommand=/bin/echo port=80%(process_num)02d\nnumprocs=2\nnumprocs_start=9\nautorestart=false\n",
  );
  for (const file of ["process-compose.yaml", "supervisord.conf"]) {
    const { code, stderr } = await daemon.run("app", "import", file, "--write");
    assertEquals(code, 0, stderr);
  }
  assertEquals((await daemon.run("trust")).code, 0);
  const up = await daemon.run("app", "up", "--no-tui");
  const lines = up.stdout.split("\n").map((line) => line.replace(/^.*?[|!] /, ""));
  for (
    const line of [
      join(home, "x"),
      `${home} $5`,
      "0 of several on 8080",
      "1 of several on 8081",
      `${home}yes`,
      "port=8009",
      "port=8010",
    ]
  ) {
    assert(lines.includes(line), `${line} is not in ${up.stdout}${up.stderr}`);
  }
  assertStringIncludes(up.stderr, 'Variable "NOPE" is not set: say which');
});

Deno.test("app import asks on a terminal whether it may run a program, and no is no", async () => {
  await using sandbox = await Sandbox.create();
  writeFileSync(join(sandbox.project, "ecosystem.config.js"), PROGRAM);
  const run = (input: string) =>
    sandbox.terminal(binary, { args: ["app", "import", "ecosystem.config.js"], columns: 100, input });
  const no = await run("n\n");
  assertEquals([no.code, existsSync(join(sandbox.project, "ran"))], [1, false]);
  assertStringIncludes(no.stdout, "Run it? [y/N]");
  const yes = await run("y\n");
  assertEquals(yes.code, 0, yes.stdout);
  assertStringIncludes(yes.stdout, "[apps.api]");
});

Deno.test("app import --write appends to haft.toml as it is, never over an app that is there; the apps run", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const { project } = daemon.sandbox;
  const manifest = join(project, "haft.toml");
  const before = '# kept\n[apps]\nother = "sleep 60" # this, too\n';
  daemon.sandbox.manifest(before);
  writeFileSync(join(project, "Procfile"), "web: echo listening on $PORT; exec sleep 60\n");
  writeFileSync(join(project, ".env"), "PORT=5400\n");
  const { code, stderr } = await daemon.run("app", "import", "--write");
  assertEquals(code, 0, stderr);
  assertMatch(stderr, /Wrote 1 app to .*haft\.toml/);
  const written = readFileSync(manifest, "utf8");
  assert(written.startsWith(before), written);
  const again = await daemon.run("app", "import", "Procfile", "--write");
  assertEquals(again.code, 1);
  assertStringIncludes(again.stderr, "[apps.web] already");
  assertEquals(readFileSync(manifest, "utf8"), written);
  assertEquals((await daemon.run("trust")).code, 0);
  const started = await daemon.run("app", "start", "web");
  assertEquals(started.code, 0, started.stderr);
  let logs = "";
  while (!logs.includes("listening on 5400")) logs = (await daemon.run("app", "logs", "web")).stdout;
});

Deno.test("app import of a file in a directory begins its paths there, and names what it leaves out", async () => {
  await using sandbox = await Sandbox.create();
  sandbox.manifest("");
  mkdirSync(join(sandbox.project, "deploy"));
  writeFileSync(
    join(sandbox.project, "deploy", "process-compose.yaml"),
    "processes:\n  web:\n    command: ./web\n    env_file: [.env]\n    is_tty: true\n",
  );
  const { code, stdout } = await sandbox.run(binary, {
    args: ["app", "import", "deploy/process-compose.yaml", "--json"],
  });
  assertEquals([code, JSON.parse(stdout)], [0, {
    apps: { web: { command: "./web", restart: "no", env_file: ["deploy/.env"], cwd: "deploy" } },
    notes: [{ app: "web", key: "is_tty", why: "an app has no terminal" }],
  }]);
  const text = await sandbox.run(binary, { args: ["app", "import", "deploy/process-compose.yaml"] });
  assertStringIncludes(text.stderr, "Note: web: is_tty: an app has no terminal");
});

Deno.test("app import without a file takes the one that is there, and asks which of several", async () => {
  await using sandbox = await Sandbox.create();
  const none = await sandbox.run(binary, { args: ["app", "import"] });
  assertEquals(none.code, 2);
  writeFileSync(join(sandbox.project, "Procfile"), "web: ./web\n");
  const one = await sandbox.run(binary, { args: ["app", "import"] });
  assertEquals(one.code, 0, one.stderr);
  writeFileSync(join(sandbox.project, "supervisord.conf"), "[program:a]\ncommand=a\n");
  const two = await sandbox.run(binary, { args: ["app", "import"] });
  assertEquals(two.code, 2);
  assertStringIncludes(two.stderr, "Procfile, supervisord.conf");
});
