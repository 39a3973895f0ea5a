/** The first sync on a machine that reaches the npm registry, but not node's official site. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { LoopbackRegistry } from "../support/loopback_registry.ts";
import { fakeTools } from "./fake_tools.ts";
import { binary, hasProgram, Sandbox } from "./support.ts";

/** Nothing listens at port 1. */
const UNREACHABLE = '[mirrors]\n"https://nodejs.org/dist/" = "http://127.0.0.1:1/"\n';
const MANIFEST = `[tools]\nnode = "22"   # LTS\n\n${UNREACHABLE}`;

async function machine(registry: LoopbackRegistry): Promise<Sandbox> {
  const sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest(MANIFEST);
  assertEquals((await sandbox.run(binary, { args: ["trust"] })).code, 0);
  return sandbox;
}

function manifestOf(sandbox: Sandbox): string {
  return readFileSync(join(sandbox.project, "haft.toml"), "utf8");
}

Deno.test("sync says which source has a tool whose own cannot be reached, and changes nothing", async () => {
  await using registry = await fakeTools([["node", "22.1.0"]]);
  await using sandbox = await machine(registry);
  const { code, stderr } = await sandbox.run(binary, { args: ["sync"] });
  assertEquals(code, 1);
  assertStringIncludes(stderr, 'Source "npm" answers, and has node 22.1.0');
  assertStringIncludes(stderr, "To use it: haft use node@22 --source npm\n");
  assertEquals([manifestOf(sandbox), sandbox.installed()], [MANIFEST, []]);
  const json = await sandbox.run(binary, { args: ["sync", "--json"] });
  const failed = json.stdout.split("\n").find((line) => line.includes('"tool.failed"')) ?? "";
  assertEquals(JSON.parse(failed).other_source, "npm");
});

Deno.test({
  name: "sync asks at a terminal whether the source that answers is used, writes it, and goes on",
  ignore: !hasProgram("script"),
  async fn() {
    await using registry = await fakeTools([["node", "22.1.0"]]);
    await using sandbox = await machine(registry);
    const refused = await sandbox.terminal(binary, { args: ["sync"], columns: 100, input: "n\n" });
    assertStringIncludes(refused.stdout, 'node: source = "npm"');
    assertEquals([refused.code, manifestOf(sandbox)], [1, MANIFEST]);
    const agreed = await sandbox.terminal(binary, { args: ["sync"], columns: 100, input: "y\n" });
    assertEquals(agreed.code, 0, agreed.stdout);
    assertStringIncludes(manifestOf(sandbox), 'source = "npm"');
    assertStringIncludes(manifestOf(sandbox), "# LTS");
    assertEquals(sandbox.installed(), ["node+npm/22.1.0"]);
  },
});

const TAGS: [text: string, version: string][] = [
  ["lts", "24.2.0"],
  ["lts/*", "24.2.0"],
  ["lts/iron", "20.5.0"],
  ["lts/Jod", "22.1.0"],
  ["node", "26.0.0"],
  ["current", "26.0.0"],
  ["stable", "26.0.0"],
  ["V22.1.0", "22.1.0"],
  ["v20", "20.5.0"],
];

Deno.test("node from npm takes the words of .nvmrc that the registry has no tag for", async () => {
  const versions = ["20.5.0", "22.1.0", "24.2.0", "26.0.0"];
  await using registry = await fakeTools(versions.map((version) => ["node", version] as const));
  await using sandbox = await Sandbox.create({ registry: registry.url });
  const lock = async (version: string) => {
    sandbox.manifest(`[tools]\nnode = { version = "${version}", source = "npm" }\n`);
    return await sandbox.run(binary, { args: ["lock"] });
  };
  for (const [text, version] of TAGS) {
    const { code, stderr } = await lock(text);
    assertEquals(code, 0, `${text}: ${stderr}`);
    assertStringIncludes(readFileSync(join(sandbox.project, "haft.lock"), "utf8"), `version = "${version}"`);
  }
  const { code, stderr } = await lock("lts/nope");
  assertEquals(code, 1);
  assertStringIncludes(stderr, 'Unknown tag "lts/nope"');
});

Deno.test("sync names the setting for a mirror where no source of a tool can be reached", async () => {
  await using registry = await fakeTools([]);
  await using sandbox = await machine(registry);
  const { code, stderr } = await sandbox.run(binary, { args: ["sync"] });
  assertEquals(code, 1);
  assertMatch(stderr, /^ {2}A mirror is named under \[mirrors\] in haft.toml/m);
  assert(!stderr.includes('Source "npm" answers'));
});

Deno.test("sync names the other source where a locked tool's own server cannot be reached", async () => {
  await using registry = await fakeTools([["node", "22.1.0"]]);
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest(MANIFEST.replace("http://127.0.0.1:1/", new URL("/dist/", registry.url).href));
  await sandbox.run(binary, { args: ["trust"] });
  const sums = ["linux-x64.tar.gz", "linux-arm64.tar.gz", "darwin-x64.tar.gz", "darwin-arm64.tar.gz"]
    .map((end) => `${"0".repeat(64)}  node-v22.1.0-${end}\n`);
  registry.addFile("/dist/index.json", JSON.stringify([{ version: "v22.1.0", lts: "Jod" }]));
  registry.addFile("/dist/v22.1.0/SHASUMS256.txt", sums.join(""));
  assertEquals((await sandbox.run(binary, { args: ["lock"] })).code, 0);
  sandbox.manifest(MANIFEST);
  await sandbox.run(binary, { args: ["trust"] });
  const { code, stderr } = await sandbox.run(binary, { args: ["sync", "--locked"] });
  assertEquals(code, 1);
  assertStringIncludes(stderr, '"node" has another source, too: write source = "npm" for it in haft.toml');
});
