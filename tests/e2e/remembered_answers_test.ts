import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LoopbackRegistry } from "../support/loopback_registry.ts";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { fakeTools, publishTool } from "./fake_tools.ts";
import { binary, Sandbox } from "./support.ts";

/** What changed in the last two seconds is not remembered. */
const SETTLED_MS = 2_200;

const WHERE = '#!/bin/sh\necho "$0 ${NAME-none}"\n';

Deno.test("a sync whose reader is slow remembers nothing of a manifest that was changed meanwhile", async () => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest('[tools]\nesbuild = "1.0.0"\n');
  assertEquals((await sandbox.run(binary, { args: ["sync"] })).code, 0);
  await delay(SETTLED_MS);
  const { code, stdout } = await sandbox.shell(
    binary,
    `( head -c 65536 /dev/zero; haft sync --json ) | ( sleep 4; cat > /dev/null ) &
sleep 1; sed -i s/1.0.0/1.2.0/ haft.toml; wait
haft sync`,
  );
  assertEquals(code, 0);
  assertMatch(stdout, /esbuild +1\.2\.0 +installed/);
});

Deno.test("haft exec remembers no answer of HAFT_TRUST=1, nor one of trust that was taken back", async () => {
  await using registry = await LoopbackRegistry.start();
  await publishTool(registry, { tool: "esbuild", version: "1.0.0", script: WHERE });
  await using sandbox = await Sandbox.create({ registry: registry.url });
  const run = (args: string[], env: Record<string, string> = {}) => sandbox.run(binary, { args, env });
  const file = async (env: Record<string, string> = {}) => (await run(["exec", "esbuild"], env)).stdout;
  sandbox.manifest('[tools]\nesbuild = "1.0.0"\n');
  assertEquals((await run(["sync"])).code, 0);
  sandbox.manifest('[tools]\nesbuild = { version = "1.0.0", options = { postinstall = "true" } }\n');
  const trusted = { HAFT_TRUST: "1" };
  assertEquals((await run(["sync"], trusted)).code, 0);
  await delay(SETTLED_MS);

  for (let times = 0; times < 2; times++) assertMatch(await file(trusted), /store\/esbuild\+\w+\/1\.0\.0/);
  for (let times = 0; times < 2; times++) assertStringIncludes(await file(), "store/esbuild/1.0.0");
  assertMatch(await file(trusted), /store\/esbuild\+\w+\/1\.0\.0/);

  assertEquals((await run(["trust"])).code, 0);
  await delay(SETTLED_MS);
  for (let times = 0; times < 2; times++) assertMatch(await file(), /store\/esbuild\+\w+\/1\.0\.0/);
  assertEquals((await run(["trust", "--revoke"])).code, 0);
  for (let times = 0; times < 2; times++) assertStringIncludes(await file(), "store/esbuild/1.0.0");
});

Deno.test("what a stand-in runs, where the variables are applied already, is not taken for an answer without variables", async () => {
  await using registry = await LoopbackRegistry.start();
  await publishTool(registry, { tool: "esbuild", version: "1.0.0", script: WHERE });
  await using sandbox = await Sandbox.create({ registry: registry.url });
  const run = (args: string[], env: Record<string, string> = {}) => sandbox.run(binary, { args, env });
  sandbox.manifest('[tools]\nesbuild = "1.0.0"\n[env]\nNAME = "of the project"\n');
  assertEquals((await run(["trust"])).code, 0);
  assertEquals((await run(["sync"])).code, 0);
  await delay(SETTLED_MS);
  const { stdout } = await run(["exec", "--stand-in", sandbox.project, "esbuild"], { NAME: "a task's own" });
  assertMatch(stdout, / a task's own\n$/);
  for (let times = 0; times < 2; times++) {
    assertMatch((await run(["exec", "esbuild"])).stdout, / of the project\n$/);
  }
  assertEquals((await run(["trust", "--revoke"])).code, 0);
  assertStringIncludes((await run(["exec", "esbuild"])).stderr, "is not trusted");
});

Deno.test({
  name: "what is remembered counts only in a directory that no other user may write to",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using registry = await fakeTools();
    await using sandbox = await Sandbox.create({ registry: registry.url });
    const exec = async () => (await sandbox.run(binary, { args: ["exec", "esbuild"] })).stdout;
    const shim = async () => {
      const { stdout } = await sandbox.shell(binary, "haft shims > /dev/null; $HAFT_HOME/shims/esbuild");
      return stdout;
    };
    sandbox.manifest('[tools]\nesbuild = "1.0.0"\n');
    assertEquals((await sandbox.run(binary, { args: ["sync"] })).code, 0);
    await delay(SETTLED_MS);
    const usual = await exec();
    assertStringIncludes(usual, "esbuild 1.0.0");
    const directory = join(sandbox.haftHome, "cache", "exec");
    const [name = ""] = readdirSync(directory);
    const other = join(sandbox.root, "other");
    writeFileSync(other, "#!/bin/sh\necho other\n", { mode: 0o755 });
    const entry = JSON.parse(readFileSync(join(directory, name), "utf8"));
    writeFileSync(
      join(directory, name),
      JSON.stringify({ ...entry, command: { ...entry.command, file: other } }),
    );
    assertEquals(await exec(), "other\n");
    for (const mode of [0o720, 0o702]) {
      chmodSync(directory, mode);
      assertEquals([await exec(), await shim()], [usual, usual]);
    }
  },
});

Deno.test("MISE_ENV counts for the command that has it: not for what is remembered, nor for the daemon it starts", async () => {
  await using registry = await fakeTools();
  await using daemon = await DaemonSandbox.create(binary, { registry: registry.url });
  const { sandbox } = daemon;
  const run = (args: string[], env: Record<string, string> = {}) => sandbox.run(binary, { args, env });
  const production = { MISE_ENV: "production" };
  sandbox.manifest('[tasks]\nversion = "esbuild"\n');
  writeFileSync(join(sandbox.project, "mise.toml"), '[tools]\nesbuild = "1.2.0"\n');
  writeFileSync(join(sandbox.project, "mise.production.toml"), '[tools]\nesbuild = "1.0.0"\n');
  for (const env of [{}, production]) assertEquals((await run(["sync"], env)).code, 0);
  assertEquals((await run(["trust"])).code, 0);
  assertEquals((await run(["daemon", "start"], production)).code, 0);
  await delay(SETTLED_MS);
  for (let times = 0; times < 2; times++) {
    assertStringIncludes((await run(["exec", "esbuild"])).stdout, "esbuild 1.2.0");
    assertStringIncludes((await run(["exec", "esbuild"], production)).stdout, "esbuild 1.0.0");
    assertStringIncludes((await run(["run", "version"])).stdout, "esbuild 1.2.0");
    assertStringIncludes((await run(["run", "version"], production)).stdout, "esbuild 1.0.0");
  }
});

Deno.test("haft exec without a lock file sees a receipt that is made whole by hand", async () => {
  await using registry = await LoopbackRegistry.start();
  for (const version of ["1.0.0", "1.2.0"]) {
    await publishTool(registry, { tool: "esbuild", version, script: WHERE });
  }
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest('[tools]\nesbuild = "1"\n');
  const run = (...args: string[]) => sandbox.run(binary, { args });
  for (const version of ["1.0.0", "1.2.0"]) {
    assertEquals((await run("install", `esbuild@${version}`)).code, 0);
  }
  const receipt = join(sandbox.haftHome, "store", "esbuild", "1.2.0", ".haft", "receipt.json");
  const whole = readFileSync(receipt, "utf8");
  writeFileSync(receipt, whole.replaceAll("1.2.0", "1.2.1"));
  await delay(SETTLED_MS);
  for (let times = 0; times < 2; times++) {
    assertStringIncludes((await run("exec", "esbuild")).stdout, "store/esbuild/1.0.0");
  }
  writeFileSync(receipt, whole);
  assertStringIncludes((await run("exec", "esbuild")).stdout, "store/esbuild/1.2.0");
});
