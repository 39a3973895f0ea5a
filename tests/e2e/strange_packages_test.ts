/** What a package or a project from a stranger may not do with names, shims and npm's settings. */
import { assert, assertEquals, assertMatch, assertNotMatch, assertStringIncludes } from "@std/assert";
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builtInCatalogue } from "../../src/tools/catalogue/catalogue.ts";
import { LoopbackRegistry } from "../support/loopback_registry.ts";
import { fakeTools } from "./fake_tools.ts";
import { binary, Sandbox } from "./support.ts";

const SCRIPT = { content: "#!/bin/sh\necho strange\n", mode: 0o755 };

/** A registry with one package of a stranger's. */
async function strangePackage(
  bin: Record<string, string>,
  more: Record<string, unknown> = {},
): Promise<LoopbackRegistry> {
  const registry = await LoopbackRegistry.start();
  await registry.addPackage({ name: "strange", version: "1.0.0", bin, ...more }, { "run.sh": SCRIPT });
  return registry;
}

function shims(sandbox: Sandbox): string[] {
  const directory = join(sandbox.haftHome, "shims");
  return existsSync(directory) ? readdirSync(directory).sort() : [];
}

Deno.test("a package's executables named like others' commands get no shim until the user allows it", async () => {
  const others = ["ls", "git", "sudo", "sh", "cd", "ssh-add", "apt-get", "GREP", "uv", "Kubectl", "npx"];
  const bin = Object.fromEntries([...others, "strange"].map((name) => [name, "run.sh"]));
  await using registry = await strangePackage(bin);
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest('[tools]\n"npm:strange" = "1"\n');
  // Whatever PATH is at that moment.
  const sync = await sandbox.run(binary, { args: ["sync"], env: { PATH: join(sandbox.root, "none") } });
  assertEquals(sync.code, 0, sync.stderr);
  assertEquals(shims(sandbox), ["strange"]);
  for (const name of others) {
    assertStringIncludes(sync.stderr, `"${name}" (npm:strange)`);
  }
  assertMatch(sync.stderr, /allowed_shims = \[.*"git".*\] under \[settings\] in .*config\.toml/);
  assertEquals((await sandbox.run(binary, { args: ["x", "git"] })).stdout, "strange\n");

  const { stdout } = await sandbox.run(binary, { args: ["shims", "--json"] });
  assertEquals(JSON.parse(stdout).withheld.length, others.length);
  mkdirSync(join(sandbox.haftHome, "config"), { recursive: true });
  writeFileSync(join(sandbox.haftHome, "config", "config.toml"), '[settings]\nallowed_shims = ["git"]\n');
  const again = await sandbox.run(binary, { args: ["shims"] });
  assertEquals(again.code, 0, again.stderr);
  assertEquals(shims(sandbox), ["git", "strange"]);
});

Deno.test("what the catalogue names for a tool gets its shim, whatever the system has", async () => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  const system = join(sandbox.root, "system");
  mkdirSync(system);
  writeFileSync(join(system, "esbuild"), "#!/bin/sh\n", { mode: 0o755 });
  sandbox.manifest('[tools]\nesbuild = "1.0.0"\n');
  const env = { PATH: `${system}:/usr/bin:/bin` };
  const { stderr } = await sandbox.run(binary, { args: ["sync"], env });
  assertEquals(shims(sandbox), ["esbuild"], stderr);
});

for (const name of ["$(id)", "-rf", "x;y", "a b", "..", "ev\u202eil", "con"]) {
  Deno.test(`a package with an executable called ${JSON.stringify(name)} is refused`, async () => {
    await using registry = await strangePackage({ strange: "run.sh", [name]: "run.sh" });
    await using sandbox = await Sandbox.create({ registry: registry.url });
    sandbox.manifest('[tools]\n"npm:strange" = "1"\n');
    const { code, stderr } = await sandbox.run(binary, { args: ["sync"] });
    assertEquals(code, 1, stderr);
    assertEquals([sandbox.installed(), shims(sandbox), sandbox.leftovers()], [[], [], []]);
  });
}

Deno.test("an executable that a tool does not have is never another program", async () => {
  await using registry = await LoopbackRegistry.start();
  const build = builtInCatalogue.entry("node")?.sources.flatMap((one) =>
    one.source === "npm" ? one.builds ?? [] : []
  )[0];
  assert(build?.kind === "native" && "package" in build);
  await registry.addPackage({ name: "node", version: "22.0.0" });
  for (const word of new Set(Object.values(build.platforms))) {
    const name = build.package.replaceAll("{platform}", word ?? "");
    const exe = word?.startsWith("win") ? ".exe" : "";
    await registry.addPackage({ name, version: "22.0.0" }, { [`bin/node${exe}`]: SCRIPT });
  }
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest('[tools]\nnode = { version = "22.0.0", source = "npm" }\n');
  const sync = await sandbox.run(binary, { args: ["sync"] });
  assertEquals(sync.code, 0, sync.stderr);
  assertEquals((await sandbox.run(binary, { args: ["x", "node"] })).stdout, "strange\n");
  for (
    const [name, next] of [["npm", 'The tool "npm" has it'], ["npx", 'The source "http" of "node" has it']]
  ) {
    const { code, stdout, stderr } = await sandbox.run(binary, { args: ["x", name ?? ""] });
    assertEquals([code, stdout], [1, ""]);
    assertStringIncludes(stderr, `"node" 22.0.0 has no executable "${name}"`);
    assertStringIncludes(stderr, next ?? "");
  }
});

Deno.test("a shim never comes back to haft: shims of other stores and behind links are no programs", async () => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest('[tools]\nesbuild = "1.0.0"\n');
  const other = join(sandbox.root, "other-home");
  for (const home of [sandbox.haftHome, other]) {
    assertEquals((await sandbox.run(binary, { args: ["sync"], env: { HAFT_HOME: home } })).code, 0);
  }
  const elsewhere = join(sandbox.root, "elsewhere");
  mkdirSync(elsewhere);
  const own = join(sandbox.haftHome, "shims");
  const link = join(sandbox.root, "link");
  symlinkSync(own, link);
  const run = async (path: string, lines = "") => {
    const line =
      `cd ${elsewhere}; PATH="${path}:/usr/bin:/bin"; ${lines} timeout 20 esbuild x; echo "code $?"`;
    const { stdout, stderr } = await sandbox.shell(binary, line);
    return stdout + stderr;
  };
  for (const path of [`${own}:${join(other, "shims")}`, `${join(other, "shims")}:${own}`, `${link}:${own}`]) {
    const output = await run(path);
    assertStringIncludes(output, 'No haft.toml here or above, and no default for "esbuild"');
    assertStringIncludes(output, "code 1");
  }
  const elsewhereHome = `XDG_DATA_HOME="${sandbox.root}/xdg" HAFT_HOME=`;
  assertStringIncludes(await run(`${own}:${join(other, "shims")}`, elsewhereHome), "code 1");
});

Deno.test("a program that starts the shim again ends in an error", async () => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest('[tools]\nesbuild = "1.0.0"\n');
  assertEquals((await sandbox.run(binary, { args: ["sync"] })).code, 0);
  const shim = join(sandbox.haftHome, "shims");
  const elsewhere = join(sandbox.root, "elsewhere");
  const manager = join(sandbox.root, "manager");
  for (const directory of [elsewhere, manager]) mkdirSync(directory);
  const rows: [how: string, script: string][] = [
    ["in its place", `exec ${shim}/esbuild "$@"`],
    ["as a child", `${shim}/esbuild "$@"`],
  ];
  for (const [how, script] of rows) {
    writeFileSync(join(manager, "esbuild"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const line =
      `cd ${elsewhere}; PATH="${shim}:${manager}:/usr/bin:/bin"; timeout 60 esbuild x; echo "code $?"`;
    const { stdout, stderr } = await sandbox.shell(binary, line);
    assertStringIncludes(stderr, 'The shim of "esbuild" goes in a circle', how);
    assertStringIncludes(stdout, "code 1", how);
  }
});

Deno.test("before trust, a project's .npmrc reaches no host and sends no secret, and its user's registry is used", async () => {
  await using own = await LoopbackRegistry.start();
  await using strange = await LoopbackRegistry.start();
  const script = { content: "#!/usr/bin/env node\n", mode: 0o755 };
  for (const registry of [own, strange]) {
    await registry.addPackage({ name: "helper", version: "1.0.0" }, { "index.js": "" });
    await registry.addPackage(
      { name: "prettier", version: "3.0.0", bin: { prettier: "run.js" }, dependencies: { helper: "1.0.0" } },
      { "run.js": script },
    );
  }
  const host = new URL(strange.url).host;
  const ownHost = new URL(own.url).host;
  const rows = [
    "//HOST/:_authToken=$CANARY",
    "//HOST/:_authToken=${CANARY}",
    "//HOST/:username=$CANARY\n//HOST/:_password=$CANARY",
    "//HOST/:_auth=$CANARY",
    "//HOST/:_authToken=$HOME",
  ];
  for (const row of rows) {
    await using sandbox = await Sandbox.create();
    sandbox.manifest('[tools]\nprettier = "3"\n');
    const lines = [`registry=${strange.url}`, row.replaceAll("HOST", host), row.replaceAll("HOST", ownHost)];
    writeFileSync(join(sandbox.project, ".npmrc"), lines.map((line) => `${line}\n`).join(""));
    writeFileSync(join(sandbox.root, "home", ".npmrc"), `registry=${own.url}\n`);
    const env = {
      CANARY: "canary-secret",
      npm_config_userconfig: join(sandbox.root, "home", ".npmrc"),
    };
    const { code, stderr } = await sandbox.run(binary, { args: ["sync"], env });
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, "is not trusted and counts for nothing");
    assertEquals(strange.requests.length, 0, row);
    assert(own.requests.length > 0);
    for (const { headers, path } of own.requests) {
      assertEquals(headers.authorization, undefined, row);
      assertNotMatch(path, /canary/);
    }
  }
});

Deno.test("after trust, a project's .npmrc counts with its variables; trust shows what it allows, and a change ends it", async () => {
  await using registry = await LoopbackRegistry.start({ token: "right-token" });
  const host = new URL(registry.url).host;
  await registry.addPackage(
    { name: "prettier", version: "3.0.0", bin: { prettier: "run.js" } },
    { "run.js": { content: "#!/usr/bin/env node\n", mode: 0o755 } },
  );
  await using sandbox = await Sandbox.create({ registry: "http://127.0.0.1:1/" });
  const env = { NPM_TOKEN: "right-token", npm_config_registry: "" };
  sandbox.manifest('[tools]\nprettier = "3"\n');
  const npmrc = `registry=${registry.url}\n//${host}/:_authToken=\${NPM_TOKEN}\n`;
  writeFileSync(join(sandbox.project, ".npmrc"), npmrc);
  const trust = await sandbox.run(binary, { args: ["trust"], env });
  assertStringIncludes(trust.stdout, `packages come from ${host}`);
  assertStringIncludes(trust.stdout, `$NPM_TOKEN is sent to ${host}`);
  const { code, stderr } = await sandbox.run(binary, { args: ["sync"], env });
  assertEquals(code, 0, stderr);
  assert(registry.requests.every(({ headers }) => headers.authorization === "Bearer right-token"));

  writeFileSync(join(sandbox.project, ".npmrc"), `${npmrc}//${host}/x/:_authToken=\${OTHER}\n`);
  assertStringIncludes(
    (await sandbox.run(binary, { args: ["trust", "--show"], env })).stdout,
    "is not trusted",
  );
});

Deno.test("git and plain http dependencies of a package are refused before anything is fetched", async () => {
  await using elsewhere = await LoopbackRegistry.start();
  const address = elsewhere.url;
  for (
    const spec of [`git+${address}evil.git`, `${address}evil.tgz`, "github:stranger/evil", "stranger/evil"]
  ) {
    await using registry = await strangePackage({ strange: "run.sh" }, { dependencies: { evil: spec } });
    await using sandbox = await Sandbox.create({ registry: registry.url });
    sandbox.manifest('[tools]\n"npm:strange" = "1"\n');
    const { code, stderr } = await sandbox.run(binary, { args: ["sync"] });
    assertEquals(code, 1, stderr);
    assertStringIncludes(stderr, `dependencies from outside the registry: evil (${spec})`);
    assertEquals([sandbox.installed(), elsewhere.requests.length], [[], 0]);
  }
});
