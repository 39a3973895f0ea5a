/** docs/haft.schema.json as editors use it: by taplo, which haft itself installs. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { projectRoot } from "../../scripts/support/project.ts";
import { builtInCatalogue } from "../../src/tools/catalogue/catalogue.ts";
import { checkManifest } from "../../src/check/manifest_problems.ts";
import { binary, Sandbox } from "./support.ts";

const SCHEMA = pathToFileURL(join(projectRoot, "docs", "haft.schema.json")).href;

const good = [
  ...readFileSync(join(projectRoot, "docs", "manifest.md"), "utf8").matchAll(
    /^```toml manifest\n(.*?)^```$/gms,
  ),
].map(([, text = ""]) => text);

const bad: [name: string, manifest: string][] = [
  ["an unknown section", "[tols]\nnode = '22'\n"],
  ["an unknown key of a tool", "[tools]\nnode = { version = '22', sorce = 'npm' }\n"],
  ["a version that is a number", "[tools]\nnode = 22\n"],
  ["files of a tool outside of it", "[tools]\nnode = { version = '22', include = ['../x'] }\n"],
  ["a setting of the wrong type", "[settings]\njobs = 'many'\n"],
  ["an unknown key of an app", "[apps.web]\ncomand = 'x'\n"],
  ["an app without a command", "[apps.web]\nautostart = true\n"],
  ["an app's policy that does not exist", "[apps.web]\ncommand = 'x'\nrestart = 'sometimes'\n"],
  ["an unknown key of a task", "[tasks.t]\nrun = 'x'\ninput = 'a'\n"],
  ["a task that runs a number", "[tasks]\nt = 3\n"],
  ["a task for no platform that exists", "[tasks.t]\nrun = 'x'\nplatforms = ['amiga']\n"],
  ["an unknown key of a backend", "[backends.ml]\ncommand = 'x'\nmod = 'legacy'\n"],
];

Deno.test("taplo accepts the documentation's manifests by the schema, and refuses what haft check refuses", async () => {
  await using sandbox = await Sandbox.create();
  sandbox.manifest('[tools]\ntaplo = "0.9.3"\n');
  const sync = await sandbox.run(binary, { args: ["sync"] });
  if (sync.code !== 0) {
    console.log(`SKIPPED: taplo cannot be had here, the schema was not tried with it:\n${sync.stderr}`);
    return;
  }
  const write = (name: string, text: string) => {
    const path = join(sandbox.project, name);
    writeFileSync(path, text);
    return path;
  };
  const taplo = (...files: string[]) =>
    sandbox.run(binary, { args: ["exec", "taplo", "--", "check", "--schema", SCHEMA, ...files] });
  assert(good.length > 5);
  const accepted = await taplo(...good.map((text, at) => write(`good-${at}.toml`, text)));
  assertEquals(accepted.code, 0, accepted.stderr);
  for (const [at, [name, text]] of bad.entries()) {
    const path = write(`bad-${at}.toml`, text);
    assert(checkManifest(text, path, builtInCatalogue).problems.length > 0, `${name}: haft check`);
    const { code, stderr } = await taplo(path);
    assertEquals([name, code === 0], [name, false], text);
    assertStringIncludes(stderr, `bad-${at}.toml`);
    assertEquals(stderr.includes("invalid schema"), false, stderr);
  }
});
