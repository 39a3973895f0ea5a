/** An app of a project that is not trusted yet, and a daemon that a person stops. */
import { assertEquals } from "@std/assert";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fakeTools } from "../../../tests/e2e/fake_tools.ts";
import { Editor } from "./editor.ts";

const MANIFEST = `[apps.clock]
command = "touch began; while :; do echo tick; sleep 0.2; done"
`;

Deno.test("Start asks for trust; without a daemon apps are unknown, and the next one says how they are", async () => {
  await using registry = await fakeTools();
  await using editor = await Editor.create({ registry: registry.url });
  const { sandbox } = editor;
  writeFileSync(join(sandbox.project, "haft.toml"), MANIFEST);
  await editor.open();
  await editor.showHaft();

  // The dialog of the row "Not trusted by haft": a no starts nothing, a yes starts the app.
  const dialog = editor.page.locator(".monaco-dialog-box");
  const answer = async (button: string) => {
    await editor.rowAction(/clock.*stopped/, "Start App");
    await dialog.filter({ hasText: "apps.clock.command" }).waitFor();
    await dialog.getByRole("button", { name: button }).click();
    await dialog.waitFor({ state: "detached" });
  };
  await answer("Cancel");
  await editor.row("Not trusted by haft").waitFor();
  assertEquals(existsSync(join(sandbox.project, "began")), false);
  await answer("Trust");
  await editor.row(/clock.*running/).waitFor();
  await editor.row("Not trusted by haft").waitFor({ state: "detached" });
  await editor.rowAction(/clock.*running/, "Follow App Log");
  const log = editor.page.locator(".terminal-wrapper.active .xterm-rows");
  await log.filter({ hasText: /tick/ }).waitFor();

  // A person stops the daemon.
  const isGone = async () => {
    await editor.row(/clock.*unknown/).waitFor();
    await editor.row("The daemon is not running").first().waitFor();
    await editor.status.filter({ hasText: "no daemon" }).waitFor();
  };
  const isBack = async () => {
    await editor.row(/clock.*running/).waitFor();
    await editor.row("The daemon is not running").first().waitFor({ state: "detached" });
    await editor.status.filter({ hasText: "no daemon" }).waitFor({ state: "hidden" });
  };
  await editor.haft("daemon", "stop", "--keep-apps");
  await isGone();
  await log.filter({ hasText: "the daemon is not running" }).waitFor();
  await editor.screenshot("no-daemon");
  // From the view, and by another program.
  await editor.row("The daemon is not running").first().click();
  await isBack();
  await editor.haft("daemon", "stop", "--keep-apps");
  await isGone();
  await editor.haft("daemon", "start");
  await isBack();
  await log.filter({ hasText: /tick/ }).waitFor();
});
