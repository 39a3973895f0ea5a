/** A daemon that is killed while it installs, two windows, and a haft that is not there. */
import { assertEquals } from "@std/assert";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fakeTools } from "../../../tests/e2e/fake_tools.ts";
import { Editor } from "./editor.ts";

Deno.test("an install goes on after its daemon is killed, and every window sees how it ends", async () => {
  await using registry = await fakeTools();
  await using editor = await Editor.create({ registry: registry.url });
  const { sandbox } = editor;
  writeFileSync(join(sandbox.project, "haft.toml"), '[tools]\nesbuild = "1.0"\n');
  await editor.haft("sync");
  const other = await editor.open();
  await editor.showHaft();
  await editor.row(/esbuild.*1\.0\.0/).waitFor();
  const page = await editor.open();
  await editor.showHaft();
  await editor.row(/esbuild.*1\.0\.0/).waitFor();

  registry.fault(/1\.2\.0\.tgz/, { kind: "drip", bytes: 2_000, everyMs: 100 });
  await editor.command("haft: Choose a Version");
  await editor.choice(/^esbuild/).click();
  await editor.chooseVersion("esbuild", /^1\.2\.0/);
  const progress = editor.notification("haft: esbuild 1.2.0");
  await progress.filter({ hasText: /downloading, \d+ %/ }).waitFor();
  registry.clearFaults();
  process.kill(await editor.daemonPid(), "SIGKILL");
  await progress.waitFor({ state: "detached" });
  await editor.until(() => /The daemon ended while it installed; the next one goes on/.test(editor.log()));
  for (const window of [page, other]) {
    editor.use(window);
    await editor.row(/esbuild.*1\.2\.0/).filter({ hasNotText: "not installed" }).waitFor();
  }
  assertEquals(sandbox.installed(), ["esbuild/1.0.0", "esbuild/1.2.0"]);

  // Another program's change, after the restart, reaches both.
  await editor.haft("uninstall", "esbuild@1.2.0");
  for (const window of [page, other]) {
    editor.use(window);
    await editor.row(/esbuild.*not installed/).waitFor();
  }

  // A haft that is not there is named, and can be installed; nothing runs until the person presses Enter.
  await page.close();
  editor.setMachine({ "haft.path": "/nowhere/haft" });
  await editor.open();
  await editor.showHaft();
  await editor.row(/esbuild.*not installed/).waitFor();
  await editor.command("haft: Restart the Daemon");
  const missing = editor.notification('"haft.path" names "/nowhere/haft"').first();
  await missing.getByRole("button", { name: "Install haft" }).click();
  await editor.choice(/^Install it by npm/).click();
  const terminal = editor.page.locator(".terminal-wrapper.active .xterm-rows");
  await terminal.filter({ hasText: "npm install --global haft" }).waitFor();
});
