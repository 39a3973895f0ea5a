import { assertEquals, assertStringIncludes } from "@std/assert";
import { project } from "./task_sandbox.ts";

Deno.test("a task's text is run by a shell, a list is not, and #! picks the interpreter", async () => {
  await using daemon = await project(
    undefined,
    `[tasks]
chain = "echo a; false && echo no; echo b > f; cat f 2>/dev/null; echo \${X:-3} $(echo sub) *.toml"
words = ["echo", "a;", "$HOME", "*"]
assigned = "GREETING=hi sh -c 'echo $GREETING'"
lines = """
echo first
false
echo never
"""
python = """
#!/usr/bin/env python3
print(6 * 7)
"""
[tasks.bash]
run = "echo \${BASH_VERSION:+bash}; false; echo never"
shell = ["bash", "-eu", "-c"]
`,
  );
  const run = async (name: string) => {
    const { code, stdout } = await daemon.run("task", "run", name);
    return [code, stdout];
  };
  assertEquals(await run("chain"), [0, "a\nb\n3 sub haft.toml\n"]);
  assertEquals(await run("words"), [0, "a; $HOME *\n"]);
  assertEquals(await run("assigned"), [0, "hi\n"]);
  assertEquals(await run("lines"), [1, "first\n"]);
  assertEquals(await run("python"), [0, "42\n"]);
  assertEquals(await run("bash"), [1, "bash\n"]);
});

Deno.test("[settings] shell runs the texts of apps and tasks, and needs trust", async () => {
  await using daemon = await project(
    undefined,
    `[settings]
shell = "bash"
[tasks]
which = "echo \${BASH_VERSION:+bash}"
[apps.web]
command = "echo \${BASH_VERSION:+bash} is ready && exec sleep 600"
health = { exec = "test -n \\"$BASH_VERSION\\" || test 1 -eq 1", interval = "50ms" }
`,
  );
  assertEquals((await daemon.run("task", "run", "which")).stdout, "bash\n");
  const up = await daemon.run("app", "up", "-d");
  assertEquals([up.code, up.stdout], [0, "web: healthy\n"], up.stderr);
  assertEquals((await daemon.run("app", "logs", "web")).stdout, "web | bash is ready\n");
  daemon.sandbox.manifest('[settings]\nshell = ["sh", "-x", "-c"]\n[tasks]\nwhich = "echo x"\n');
  const changed = await daemon.run("task", "run", "which");
  assertEquals(changed.code === 0, false);
  assertStringIncludes(changed.stderr, "is not trusted");
});
