import { assertEquals, assertStringIncludes } from "@std/assert";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LoopbackRegistry } from "../support/loopback_registry.ts";
import { binary, Sandbox } from "./support.ts";

/** Tells what it was started with, and what each way of starting another process hands on. */
const REPORTER = `#!/usr/bin/env node
const { fork, spawnSync } = require("node:child_process");
const { join } = require("node:path");
if (process.argv[2] === "fork") {
  process.send(process.env.BUN_BE_BUN ?? null);
  process.disconnect();
} else {
  const show = ["sh", "-c", "printf %s \\"$BUN_BE_BUN\\""];
  const forked = fork(__filename, ["fork"]);
  forked.on("message", (message) => {
    console.log(JSON.stringify({
      args: process.argv.slice(2),
      dotenv: process.env.FROM_DOTENV ?? null,
      own: process.env.BUN_BE_BUN ?? null,
      spawn: spawnSync(show[0], show.slice(1)).stdout.toString(),
      bunSpawn: Bun.spawnSync(show).stdout.toString(),
      bunSpawnObject: Bun.spawnSync({ cmd: show }).stdout.toString(),
      forked: message,
      haft: spawnSync(process.env.HAFT, ["--version"]).stdout.toString().split(" ")[0],
    }));
  });
}
`;

async function jsTool(): Promise<LoopbackRegistry> {
  const registry = await LoopbackRegistry.start();
  const executable = (content: string) => ({ content, mode: 0o755 });
  await registry.addPackage({ name: "helper", version: "1.0.0", bin: { ls: "ls.js" } }, {
    "ls.js": executable("#!/usr/bin/env node\n"),
  });
  await registry.addPackage({
    name: "prettier",
    version: "3.0.0",
    bin: { prettier: "bin/prettier.cjs" },
    dependencies: { helper: "1.0.0" },
  }, { "bin/prettier.cjs": executable(REPORTER) });
  return registry;
}

/** A PATH with a shell, and with no JavaScript runtime. */
function pathWithoutNode(sandbox: Sandbox): string {
  const directory = join(sandbox.root, "bin");
  mkdirSync(directory);
  symlinkSync("/bin/sh", join(directory, "sh"));
  return directory;
}

Deno.test("exec runs a script of a tool by haft itself where there is no other runtime, untouched by the directory", async (t) => {
  await using registry = await jsTool();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest('[tools]\nprettier = "3"\n');
  const env = { PATH: pathWithoutNode(sandbox), HAFT: binary.argv[0] ?? "" };
  const sync = await sandbox.run(binary, { args: ["sync"], env });
  assertEquals(sync.code, 0, sync.stderr);
  for (
    const [name, text] of Object.entries({
      "bunfig.toml": 'preload = ["./evil.js"]\n',
      ".env": "FROM_DOTENV=1\n",
    })
  ) {
    writeFileSync(join(sandbox.project, name), text);
  }
  writeFileSync(join(sandbox.project, "evil.js"), 'console.error("the directory\'s own code ran");\n');

  await t.step("neither bunfig.toml nor .env has a say, and nobody below is a Bun by mistake", async () => {
    const { code, stdout, stderr } = await sandbox.run(binary, { args: ["exec", "prettier", "a b"], env });
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    assertEquals(JSON.parse(stdout), {
      args: ["a b"],
      dotenv: null,
      own: null,
      spawn: "",
      bunSpawn: "",
      bunSpawnObject: "",
      forked: null,
      haft: "haft",
    });
  });

  await t.step("commands of dependencies do not come onto PATH", async () => {
    const { stdout } = await sandbox.run(binary, { args: ["env", "--json"], env });
    const [directory = "", ...more] = JSON.parse(stdout).path as string[];
    assertEquals([readdirSync(directory), more], [["prettier"], []]);
  });
});

Deno.test("exec hands a script to the node on PATH by the name it has there, as mise's and volta's links want it", async () => {
  await using registry = await jsTool();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest('[tools]\nprettier = "3"\n');
  const directory = pathWithoutNode(sandbox);
  writeFileSync(join(directory, "manager"), '#!/bin/sh\necho "${0##*/} ${1##*/} $2"\n', { mode: 0o755 });
  symlinkSync("manager", join(directory, "node"));
  const env = { PATH: directory };
  assertEquals((await sandbox.run(binary, { args: ["sync"], env })).code, 0);
  const { stdout, stderr } = await sandbox.run(binary, { args: ["exec", "prettier", "--check"], env });
  assertEquals({ stdout, stderr }, { stdout: "node prettier.cjs --check\n", stderr: "" });
});

Deno.test("env adds no empty entry to an empty PATH: it would be the current directory", async () => {
  await using registry = await jsTool();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest('[tools]\nprettier = "3"\n');
  assertEquals((await sandbox.run(binary, { args: ["sync"] })).code, 0);
  const { stdout } = await sandbox.run(binary, { args: ["env", "--shell", "bash"], env: { PATH: "" } });
  assertStringIncludes(stdout, "node_modules/.bin'\n");
});
