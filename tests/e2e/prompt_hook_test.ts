import { assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binary, hasProgram, Sandbox } from "./support.ts";

/** How a shell reads commands as from a person, with its prompts between them. */
const SHELLS = {
  bash: { start: "bash --norc --noprofile -i", source: ". ", plain: "PLAIN=mine" },
  zsh: { start: "zsh -f -i", source: ". ", plain: "PLAIN=mine" },
  // It draws no prompt without a terminal.
  fish: { start: "fish --no-config", source: "source ", plain: "set -g PLAIN mine" },
} as const;

type ShellName = keyof typeof SHELLS;

/** A sandbox with a shell whose hook counts how often it starts haft. */
class HookSandbox implements AsyncDisposable {
  private constructor(readonly sandbox: Sandbox, readonly shell: ShellName, readonly hook: string) {}

  static async create(shell: ShellName): Promise<HookSandbox> {
    const sandbox = await Sandbox.create();
    const counter = join(sandbox.root, "counting-haft");
    const { stdout } = await sandbox.run(binary, { args: ["activate", shell, "--hook"] });
    const [program = ""] = /(?<=')[^']+(?=' '?env)/.exec(stdout) ?? [];
    writeFileSync(
      counter,
      `#!/bin/sh\necho call >> ${join(sandbox.root, "calls")}\nexec '${program}' "$@"\n`,
      { mode: 0o755 },
    );
    const hook = join(sandbox.root, "hook");
    writeFileSync(hook, stdout.replaceAll(program, counter));
    return new HookSandbox(sandbox, shell, hook);
  }

  /** Types lines, and gives what they print. */
  async type(lines: readonly string[]): Promise<{ stdout: string; stderr: string }> {
    const { start, source } = SHELLS[this.shell];
    const prompt = this.shell === "fish" ? "\nemit fish_prompt\n" : "\n";
    const typed = join(this.sandbox.root, "typed");
    writeFileSync(typed, [`${source}${this.hook}`, ...lines, "exit"].map((line) => line + prompt).join(""));
    return await this.sandbox.shell(binary, `cd "${this.sandbox.root}"; ${start} < "${typed}"`);
  }

  calls(): number {
    const file = join(this.sandbox.root, "calls");
    return existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sandbox[Symbol.asyncDispose]();
  }
}

const MANIFEST = `[env]
MODE = "it's \\"a\\" $x"
KEPT = "project"
PLAIN = "project"
GONE = false
`;

for (const shell of ["bash", "zsh", "fish"] as const) {
  const test = (name: string, body: (hook: HookSandbox) => Promise<void>) =>
    Deno.test({
      name,
      ignore: !hasProgram(shell),
      fn: async () => {
        await using hook = await HookSandbox.create(shell);
        await body(hook);
      },
    });
  const show = 'echo "$MODE|$KEPT|$PLAIN|$GONE"';

  test(`the hook of ${shell} applies [env] on entering a directory and undoes it on leaving, PATH untouched`, async (hook) => {
    const { sandbox } = hook;
    sandbox.manifest(MANIFEST);
    mkdirSync(join(sandbox.project, "inner"));
    await sandbox.run(binary, { args: ["trust"] });
    const { stdout, stderr } = await hook.type([
      "export KEPT='my own' GONE=there",
      SHELLS[shell].plain,
      'export BEFORE="$PATH"',
      show,
      "cd project",
      show,
      "cd inner",
      show,
      "cd ../..",
      show,
      "printenv MODE PLAIN",
      'test "$BEFORE" = "$PATH" && echo same',
      "cd project",
      show,
    ]);
    const inside = `it's "a" $x|project|project|`;
    const outside = "|my own|mine|there";
    assertEquals(
      stdout.split("\n"),
      [outside, inside, inside, outside, "same", inside, ""],
      stderr,
    );
  });

  test(`the hook of ${shell} starts haft only when the directory or a manifest changed, and follows edits`, async (hook) => {
    const { sandbox } = hook;
    sandbox.manifest(MANIFEST);
    await sandbox.run(binary, { args: ["trust"] });
    await hook.type(["cd project", ...Array(10).fill("true")]);
    assertEquals(hook.calls(), 2);
    const { stdout } = await hook.type([
      "cd project",
      "sed -i s/project/edited/ haft.toml",
      'echo "edited: $KEPT"',
      `env HAFT_HOME='${sandbox.haftHome}' '${join(sandbox.root, "counting-haft")}' trust >/dev/null`,
      'echo "trusted: $KEPT"',
      "mv haft.toml away.toml",
      'echo "removed: $KEPT"',
      "mv away.toml haft.toml",
      'echo "back: $KEPT"',
    ]);
    assertEquals(stdout, "edited: \ntrusted: edited\nremoved: \nback: edited\n");
  });

  test(`the hook of ${shell} applies nothing of an untrusted project, says so once, and keeps the exit status`, async (hook) => {
    const { sandbox } = hook;
    sandbox.manifest(MANIFEST);
    mkdirSync(join(sandbox.project, "inner"));
    const { stdout, stderr } = await hook.type([
      "cd project",
      show,
      "cd inner",
      "cd ..",
      "cd ..",
      "cd project",
      "false",
      ...shell === "fish" ? [] : ['echo "status $?"'],
    ]);
    assertEquals(stdout, shell === "fish" ? "|||\n" : "|||\nstatus 1\n");
    assertStringIncludes(stderr, "haft.toml is not trusted, so its variables are not applied");
    assertEquals(stderr.split("is not trusted").length, 2, stderr);
  });

  test(`a ${shell} started inside the directory undoes what its parent's hook applied`, async (hook) => {
    const { sandbox } = hook;
    sandbox.manifest(MANIFEST);
    await sandbox.run(binary, { args: ["trust"] });
    const script = join(sandbox.root, "inner-script");
    const step = shell === "fish" ? "" : "_haft_hook\n";
    writeFileSync(
      script,
      `${SHELLS[shell].source}${hook.hook}\n${step}echo "$KEPT"\ncd ..\n${step}echo "$KEPT"\n`,
    );
    const { stdout } = await hook.type(["export KEPT=own", "cd project", `${shell} ${script}`]);
    assertEquals(stdout, "project\nown\n");
  });
}

Deno.test("files of dotenv count below [env], once trusted; an edit needs no new trust unless it can run code", async () => {
  await using hook = await HookSandbox.create("bash");
  const { sandbox } = hook;
  const file = join(sandbox.project, ".env");
  sandbox.manifest('[settings]\ndotenv = [".env", ".env.none"]\n[env]\nBOTH = "manifest"\n');
  writeFileSync(file, "BOTH=file\nSECRET='one two'\n");
  const printed = "printenv BOTH SECRET NODE_OPTIONS";
  const run = async () => {
    const { stdout, stderr } = await sandbox.run(binary, { args: ["x", "--", ...printed.split(" ")] });
    return stdout + stderr;
  };
  assertStringIncludes(await run(), "is not trusted");
  assertEquals((await hook.type(["cd project", printed])).stdout, "");
  await sandbox.run(binary, { args: ["trust"] });
  assertEquals(await run(), "manifest\none two\n");
  const { stdout } = await hook.type([
    "cd project",
    printed,
    "echo SECRET=edited > .env",
    printed,
    "rm .env",
    printed,
    "echo SECRET=again > .env",
    printed,
    "cd ..",
    printed,
  ]);
  assertEquals(stdout, "manifest\none two\nmanifest\nedited\nmanifest\nmanifest\nagain\n");
  writeFileSync(file, "NODE_OPTIONS=--require=./evil.js\n");
  assertStringIncludes(await run(), "is not trusted");
  assertEquals((await hook.type(["cd project", printed])).stdout, "");
});
