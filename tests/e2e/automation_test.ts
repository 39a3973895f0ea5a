import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { projectRoot } from "../../scripts/support/project.ts";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary, hasProgram } from "./support.ts";

const TEXT = readFileSync(join(projectRoot, "docs", "automation.md"), "utf8");

/** The recipe's code, as it is in docs/automation.md. */
function recipe(language: string, section: string): string {
  const part = TEXT.split(/^## /m).find((text) => text.startsWith(section)) ?? "";
  const [, code] = new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "s").exec(part) ?? [];
  if (code === undefined) throw new Error(`docs/automation.md has no ${language} under ${section}`);
  return code;
}

async function project(command: string): Promise<DaemonSandbox> {
  const daemon = await DaemonSandbox.create(binary);
  daemon.sandbox.manifest(`[tasks.test]\nrun = ["sh", "-c", "${command}"]\n`);
  await daemon.run("trust");
  await daemon.start();
  return daemon;
}

Deno.test("automation.md, CI: the shell's two lines pass when the task does, and end with its exit code and its log when not", async () => {
  for (
    const [command, code, stdout] of [["echo fine", 0, ""], ["echo broken; exit 9", 9, "broken\n"]] as const
  ) {
    await using daemon = await project(command);
    // In a shell of its own: the recipe exits.
    const result = await daemon.sandbox.shell(binary, `(${recipe("sh", "CI")})`);
    assertEquals([result.code, result.stdout], [code, stdout]);
    assertMatch(result.stderr, code === 0 ? /^$/ : /^Task \w+ \(test\): failed: It ended with code 9\n$/);
  }
});

Deno.test("automation.md, every end: what is not acknowledged comes again, what is does not", async () => {
  await using daemon = await project("true");
  const [ask = "", acknowledge = ""] = recipe("sh", "Every end").trim().split("\n");
  const nowait = ask.replace("wait=60", "wait=0");
  const { stdout } = await daemon.sandbox.shell(
    binary,
    `${nowait}; haft task wait $(haft task start test); ${ask}; ${nowait}; ${
      acknowledge.replace("id=7", "id=1")
    }; ${nowait}`,
  );
  const [before, first, again, acknowledged, after] = stdout.trim().split("\n").map((line) =>
    JSON.parse(line)
  );
  assertEquals([before.events, first.events.length, acknowledged, after.events], [
    [],
    1,
    { acknowledged: 1 },
    [],
  ]);
  assertEquals(first, again);
});

Deno.test({
  name: "automation.md, Python: the client starts a task and waits for it",
  ignore: !hasProgram("python3"),
  fn: async () => {
    await using daemon = await project("exit 4");
    writeFileSync(join(daemon.sandbox.project, "ci.py"), recipe("python", "Python"));
    const source = join(projectRoot, "clients", "python", "src");
    const { stdout, stderr } = await daemon.sandbox.shell(binary, `PYTHONPATH=${source} python3 ci.py`);
    assertEquals([stdout, stderr], ["aborted 4\n", ""]);
  },
});

Deno.test("automation.md, TypeScript: whoever starts a task hears of it", async () => {
  await using daemon = await project("true");
  const file = join(projectRoot, "tests", `recipe_${crypto.randomUUID()}.ts`);
  const client = `./../src/client/mod.ts`;
  writeFileSync(file, recipe("ts", "TypeScript").replace("@haft/haft/client", client));
  try {
    const { stdout } = await daemon.sandbox.shell(binary, `${process.execPath} run -A --quiet ${file}`);
    assertStringIncludes(stdout, "task.completed");
  } finally {
    Deno.removeSync(file);
  }
});
