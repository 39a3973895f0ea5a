/** A folder that VS Code does not trust: no process starts, nothing connects, until the person trusts it. */
import { assertEquals } from "@std/assert";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fakeTools } from "../../../tests/e2e/fake_tools.ts";
import { Editor } from "./editor.ts";

Deno.test("in restricted mode nothing runs; trusting the workspace begins at once", async () => {
  await using registry = await fakeTools();
  await using editor = await Editor.create({ registry: registry.url, asksForTrust: true });
  const { sandbox } = editor;
  const owned = join(sandbox.root, "owned");
  const manifest = join(sandbox.project, "haft.toml");
  const crafted =
    `[tools]\nesbuild = "1"\n[env]\nA = "$(touch ${owned})"\n[tasks."x; touch ${owned}"]\nrun = "touch ${owned}"\n`;
  writeFileSync(manifest, crafted);
  await editor.open();
  const dialog = editor.page.locator(".monaco-dialog-box");
  await dialog.getByRole("button", { name: /No/ }).click();
  await editor.showHaft();
  await editor.page.locator(".welcome-view", { hasText: "restricted mode" }).first().waitFor();
  await editor.screenshot("restricted");
  await editor.command("haft: Start the Daemon");
  await editor.notification(/restricted mode/).waitFor();
  const runtime = join(sandbox.root, "run", "haft");
  assertEquals([existsSync(runtime), existsSync(owned)], [false, false]);

  await editor.command("Workspaces: Manage Workspace Trust");
  await editor.page.getByRole("button", { name: "Trust", exact: true }).first().click();
  await editor.until(() => existsSync(runtime));
  await editor.row("Not trusted by haft").waitFor();
  // A name that would be a command in a shell is a row that says what is wrong with it.
  writeFileSync(manifest, `[tools]\n"esbuild; touch ${owned}" = "1"\n`);
  await editor.row("haft.toml cannot be used").waitFor();
  assertEquals(existsSync(owned), false);
});
