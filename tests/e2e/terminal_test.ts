import { assertEquals, assertMatch } from "@std/assert";
import stringWidth from "string-width";
import { binary, hasProgram, Sandbox } from "./support.ts";
import { fakeTools } from "./fake_tools.ts";

if (!hasProgram("script")) throw new Error("These tests need script(1), which is part of util-linux");

for (const columns of [30, 80, 200]) {
  Deno.test(`on a terminal of ${columns} columns the board fits, and every tool is on it`, async () => {
    await using registry = await fakeTools();
    registry.fault(/\.tgz$/, { kind: "drip", bytes: 20_000, everyMs: 60 });
    await using sandbox = await Sandbox.create({ registry: registry.url });
    sandbox.manifest('[tools]\nesbuild = "1.2.0"\nbiome = "2.0.0"\n');
    const { code, stdout } = await sandbox.terminal(binary, { args: ["sync"], columns });
    assertEquals(code, 0, stdout);
    assertMatch(stdout, /esbuild/);
    assertMatch(stdout, /biome/);
    const lines = visibleLines(stdout);
    assertMatch(stdout, /%/, "the board was never drawn while something was downloading");
    // The store's path may be longer than a terminal is wide, and must stay whole to be copied; nothing else
    // may.
    const tooWide = lines.filter((line) => stringWidth(line) > columns && !line.includes(sandbox.haftHome));
    assertEquals(tooWide, []);
  });
}

for (const columns of [0, 1]) {
  Deno.test(`a terminal that says it has ${columns} columns and no rows is taken for one of 80 and 24`, async () => {
    await using registry = await fakeTools();
    registry.fault(/\.tgz$/, { kind: "drip", bytes: 20_000, everyMs: 60 });
    await using sandbox = await Sandbox.create({ registry: registry.url });
    sandbox.manifest('[tools]\nesbuild = "1.2.0"\nbiome = "2.0.0"\n');
    const { code, stdout } = await sandbox.terminal(binary, { args: ["sync"], columns, rows: 0 });
    assertEquals(code, 0, stdout);
    assertMatch(stdout, /%/, "the board was never drawn while something was downloading");
    assertMatch(visibleLines(stdout).join("\n"), /2 tools installed \(/);
    const help = await sandbox.terminal(binary, { args: ["--help"], columns, rows: 0 });
    assertMatch(help.stdout, /^ {2}sync {9}Install every tool of the project\r?$/m);
  });
}

Deno.test("NO_COLOR on a terminal draws no colour", async () => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest('[tools]\nesbuild = "1.2.0"\n');
  const { code, stdout } = await sandbox.terminal(binary, {
    args: ["sync"],
    columns: 80,
    env: { NO_COLOR: "1" },
  });
  assertEquals(code, 0, stdout);
  // deno-lint-ignore no-control-regex -- select graphic rendition with a colour
  assertEquals(/\x1b\[(3[0-7]|9[0-7]|38|4[0-7])/.test(stdout), false);
});

Deno.test("without a terminal sync prints plain lines without escapes", async () => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  sandbox.manifest('[tools]\nesbuild = "1.2.0"\n');
  const { stdout, stderr } = await sandbox.run(binary, { args: ["sync"] });
  assertEquals((stdout + stderr).includes("\x1b"), false);
  assertMatch(stderr + stdout, /esbuild/);
});

/** The lines of a terminal's recording, without escapes and what a carriage return overwrote. */
function visibleLines(recording: string): string[] {
  return recording
    // deno-lint-ignore no-control-regex -- escape sequences are the point
    .replaceAll(/\x1b(\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07)/g, "")
    .split("\n").map((line) => line.split("\r").findLast((part) => part !== "") ?? "");
}
