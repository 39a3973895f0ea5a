/**
 * Tools in a real editor: seen as missing, installed with progress, another version picked, in a terminal.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fakeTools } from "../../../tests/e2e/fake_tools.ts";
import { Editor } from "./editor.ts";

const SAVES = 50;

Deno.test("a missing tool is seen, installed with progress, and another version picked", async () => {
  await using registry = await fakeTools();
  await using editor = await Editor.create({ registry: registry.url });
  const { sandbox } = editor;
  const manifest = join(sandbox.project, "haft.toml");
  writeFileSync(manifest, '# the tools\n[tools]\nesbuild = "1.0" # keep me\n');
  await editor.open();
  await editor.showHaft();

  await editor.row(/esbuild.*not installed/).waitFor();
  await editor.status.filter({ hasText: "1 missing" }).waitFor();
  const offer = editor.notification(/not installed: esbuild/);
  await offer.waitFor();
  await editor.screenshot("missing");
  await offer.getByRole("button", { name: "Install" }).click();
  await editor.row(/esbuild.*1\.0\.0 \(asked for: 1\.0\)/).filter({ hasNotText: "not installed" }).waitFor();
  assertEquals(sandbox.installed(), ["esbuild/1.0.0"]);

  // A download that takes a while shows percent and bytes, and can be cancelled.
  registry.fault(/1\.2\.0\.tgz/, { kind: "drip", bytes: 2_000, everyMs: 100 });
  const lock = join(sandbox.project, "haft.lock");
  const before = [readFileSync(manifest, "utf8"), readFileSync(lock, "utf8")];
  let begun = 0;
  const pick = async () => {
    await editor.command("haft: Choose a Version");
    await editor.choice(/^esbuild/).click();
    await editor.chooseVersion("esbuild", /^1\.2\.0/, () => begun = performance.now());
  };
  await pick();
  const progress = editor.notification("haft: esbuild 1.2.0");
  await progress.waitFor();
  console.log(`First progress after the pick: ${Math.round(performance.now() - begun)} ms`);
  await progress.filter({ hasText: /downloading, \d+ %/ }).waitFor();
  await editor.screenshot("progress");
  assertEquals(readFileSync(manifest, "utf8"), '# the tools\n[tools]\nesbuild = "1.2.0" # keep me\n');
  await progress.hover();
  await progress.getByRole("button", { name: "Cancel" }).click();
  await progress.waitFor({ state: "detached" });
  // The project is as it was, and nothing of the other version stays.
  await editor.row(/esbuild.*1\.0\.0 \(asked for: 1\.0\)/).waitFor();
  assertEquals([readFileSync(manifest, "utf8"), readFileSync(lock, "utf8")], before);
  assertEquals(sandbox.installed(), ["esbuild/1.0.0"]);

  // One that fails says why in haft's own words, and leaves the project as it was, too.
  registry.clearFaults();
  registry.fault(/1\.2\.0\.tgz/, { kind: "status", status: 404 });
  await pick();
  await editor.notification(/esbuild: .*404/).waitFor();
  assertEquals([readFileSync(manifest, "utf8"), readFileSync(lock, "utf8")], before);
  registry.clearFaults();
  await pick();
  await editor.row(/esbuild.*1\.2\.0/).filter({ hasNotText: "not installed" }).waitFor();
  assertEquals(sandbox.installed(), ["esbuild/1.0.0", "esbuild/1.2.0"]);

  // Another program changes the file: the window sees it without being asked.
  await editor.openFile("haft.toml");
  await editor.status.filter({ hasText: "haft" }).waitFor();
  const changed = performance.now();
  writeFileSync(manifest, '[tools]\nesbuild = "1.2.0"\nbiome = "2"\n');
  await editor.status.filter({ hasText: "1 missing" }).waitFor();
  console.log(`Status bar after a change of haft.toml: ${Math.round(performance.now() - changed)} ms`);
  await editor.row(/biome.*not installed/).waitFor();

  // The view's own button installs it; the wire can be looked at meanwhile.
  await editor.command("haft: Show What Goes over the Wire");
  await editor.until(() => editor.log().includes("Everything that goes over the wire follows"));
  await editor.command("haft: Install What Is Missing");
  await editor.row(/biome.*2\.0\.0/).filter({ hasNotText: "not installed" }).waitFor();
  await editor.until(() => /→ tool\.sync .*[^]*← tool\.sync [\d.]+ ms/.test(editor.log()));

  // Saved fifty times, PATH of a new terminal has the tools once, and in front.
  for (let time = 0; time < SAVES; time++) {
    writeFileSync(manifest, `[tools]\nesbuild = "1.2.0"\n# ${time}\n`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  await editor.row("biome").waitFor({ state: "detached" });
  const seen = join(sandbox.root, "seen");
  // In a shell of its own: VS Code's hook of the terminal's shell writes into what a group is redirected to.
  await editor.terminal(`sh -c 'command -v esbuild; echo "$PATH"' > ${seen}.new && mv ${seen}.new ${seen}`);
  await editor.until(() => existsSync(seen));
  const [which = "", path = ""] = readFileSync(seen, "utf8").split("\n");
  assertMatch(which, /store\/esbuild\/1\.2\.0\/.*esbuild$/);
  // Twice at most: as the shell starts, and after its start files.
  const own = path.split(":").filter((directory) => directory.includes("store/"));
  assertEquals(new Set(own).size, 1, path);
  assert(own.length <= 2 && path.startsWith(own[0] ?? "-"), path);
  await editor.screenshot("terminal");

  // Nothing was written beside the manifest and its lock file.
  assertEquals(existsSync(join(sandbox.project, ".vscode")), false);
  assertStringIncludes(readFileSync(join(sandbox.project, "haft.lock"), "utf8"), "1.2.0");
});
