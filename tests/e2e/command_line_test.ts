import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../scripts/support/project.ts";
import { binary, everyHaft, Sandbox } from "./support.ts";

const { version } = JSON.parse(readFileSync(join(projectRoot, "deno.json"), "utf8"));

for (const haft of everyHaft) {
  Deno.test(`${haft.name}: --version prints the version of deno.json and nothing else`, async () => {
    await using sandbox = await Sandbox.create();
    const { code, stdout, stderr } = await sandbox.run(haft, { args: ["--version"] });
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    assertMatch(stdout, new RegExp(`^(haft )?${version.replaceAll(".", "\\.")}\\n$`));
  });

  Deno.test(`${haft.name}: --help lists the commands on stdout`, async () => {
    await using sandbox = await Sandbox.create();
    const { code, stdout, stderr } = await sandbox.run(haft, { args: ["--help"] });
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    for (const command of ["sync", "install", "exec", "which", "ls", "use", "uninstall", "env", "init"]) {
      assertMatch(stdout, new RegExp(`^\\s+${command}\\b`, "m"), `${command} is missing`);
    }
  });

  Deno.test(`${haft.name}: an unknown command is a usage error that names the nearest`, async () => {
    await using sandbox = await Sandbox.create();
    const { code, stdout, stderr } = await sandbox.run(haft, { args: ["snyc"] });
    assertEquals({ code, stdout }, { code: 2, stdout: "" });
    assertStringIncludes(stderr, '"snyc"');
    assertStringIncludes(stderr, "sync");
  });

  Deno.test(`${haft.name}: sync without a manifest says how to write one`, async () => {
    await using sandbox = await Sandbox.create();
    const { code, stdout, stderr } = await sandbox.run(haft, { args: ["sync"] });
    assertEquals({ code, stdout }, { code: 1, stdout: "" });
    assertStringIncludes(stderr, "haft.toml");
    assertStringIncludes(stderr, "haft init");
  });

  Deno.test(`${haft.name}: a malformed manifest is named with its line`, async () => {
    await using sandbox = await Sandbox.create();
    sandbox.manifest('[tools]\nesbuild = "0.25\n');
    const { code, stdout, stderr } = await sandbox.run(haft, { args: ["sync"] });
    assertEquals({ code, stdout }, { code: 2, stdout: "" });
    assertMatch(stderr, /haft\.toml.*line 2|haft\.toml:2/s);
  });

  Deno.test(`${haft.name}: an unknown key is named with what was expected`, async () => {
    await using sandbox = await Sandbox.create();
    sandbox.manifest('[tools.esbuild]\nverzion = "0.25"\n');
    const { code, stderr } = await sandbox.run(haft, { args: ["sync"] });
    assertEquals(code, 2);
    assertMatch(stderr, /haft\.toml.*tools\.esbuild/s);
  });

  Deno.test(`${haft.name}: output piped into head ends quietly`, async () => {
    await using sandbox = await Sandbox.create();
    const { code, stdout, stderr } = await sandbox.shell(haft, "haft completions bash | head -n 1");
    assertEquals({ code, stderr, lines: stdout.split("\n").length }, { code: 0, stderr: "", lines: 2 });
  });
}

Deno.test("words of other tools and wrong settings: what to write here, and which value is wrong", async () => {
  await using sandbox = await Sandbox.create();
  const rows: [args: string[], text: string][] = [
    [["-v"], '"haft --version" (-V) prints the version'],
    [["unuse", "node"], '"haft remove TOOL"'],
    [["config", "set", "jobs", "many"], 'Cannot set "settings.jobs": it must be a number, not "many"'],
    [["config", "set", "jbs", "4"], 'Did you mean "jobs"?'],
  ];
  for (const [args, text] of rows) {
    const { code, stderr } = await sandbox.run(binary, { args });
    assertEquals([args, code], [args, 2]);
    assertStringIncludes(stderr, text);
  }
});

Deno.test("the bundle and the sources print the same help", async () => {
  await using sandbox = await Sandbox.create();
  const texts = await Promise.all(everyHaft.map((haft) => sandbox.run(haft, { args: ["sync", "--help"] })));
  assertEquals(new Set(texts.map(({ stdout }) => stdout)).size, 1);
});
