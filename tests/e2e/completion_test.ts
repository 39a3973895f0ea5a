/**
 * `haft complete`, which the shells' scripts ask, and the scripts in the real shells with the real binary.
 */
import { assert, assertEquals } from "@std/assert";
import { project, start } from "./task_sandbox.ts";
import { binary, hasProgram, Sandbox } from "./support.ts";

const MANIFEST = `[apps.web]
command = ["sleep", "60"]
[tasks.build]
run = "true"
description = "Build all"
`;

Deno.test("haft complete knows verbs, options, apps, tasks, the catalogue, methods, and the ids of tasks that ran", async () => {
  await using daemon = await project(binary, MANIFEST);
  const words = async (...line: string[]) => {
    const { code, stdout, stderr } = await daemon.run("complete", "--", ...line);
    assertEquals([code, stderr], [0, ""]);
    return stdout.split("\n").filter((text) => text !== "").map((text) => text.split("\t")[0]);
  };
  assertEquals(await words("app", "sta"), ["start", "status"]);
  assertEquals(await words("app", "start", ""), ["web"]);
  assertEquals(await words("run", "b"), ["build"]);
  assertEquals(await words("use", "ripg"), ["ripgrep"]);
  assertEquals(await words("ipc-send", "daemon.pin"), ["daemon.ping"]);
  assert((await words("daemon", "start", "--")).includes("--listen"));
  assertEquals(await words("task", "wait", ""), []);
  const id = await start(daemon, "--", "true");
  assertEquals(await words("task", "wait", ""), [id]);
});

Deno.test("haft complete knows a task's parameters, their choices and haft's own options after its name", async () => {
  await using daemon = await project(
    binary,
    `[tasks.deploy]
run = "true"
args.env = { choices = ["dev", "prod"] }
args.region = { choices = ["eu", "us"], default = "eu" }
[tasks.plain]
run = "true"
`,
  );
  const words = async (...line: string[]) =>
    (await daemon.run("complete", "--", "run", "deploy", ...line)).stdout.split("\n")
      .filter((text) => text !== "").map((text) => text.split("\t")[0]);
  assertEquals(await words(""), ["dev", "prod"]);
  assertEquals(await words("dev", ""), ["eu", "us"]);
  assertEquals(await words("--region", "u"), ["us"]);
  assertEquals(await words("--region", "us", ""), ["dev", "prod"]);
  assertEquals(await words("--env=p"), ["--env=prod"]);
  assertEquals(await words("--re"), ["--region", "--record"]);
  assertEquals((await daemon.run("complete", "--", "run", "plain", "x")).stdout, ":files\n");
});

const SHELLS: [shell: string, line: (words: string) => string][] = [
  [
    "bash",
    (words) =>
      `eval "$(haft completions bash)"; COMP_WORDS=(haft ${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _haft; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  ["fish", (words) => `haft completions fish | source; complete -C "haft ${words}" | cut -f1`],
  [
    "zsh",
    (words) =>
      `compdef() { :; }; _files() { :; }; _describe() { print -rl -- "\${candidates[@]%%:*}"; }; eval "$(haft completions zsh)"; words=(haft ${words}); CURRENT=\${#words}; _haft`,
  ],
];

for (const [shell, line] of SHELLS) {
  Deno.test({
    name: `haft completions ${shell} completes verbs and apps in the real shell`,
    ignore: !hasProgram(shell),
    async fn() {
      await using sandbox = await Sandbox.create();
      sandbox.manifest(MANIFEST);
      const complete = async (words: string) => {
        const bin = `${sandbox.root}/bin`;
        const script = `mkdir -p ${bin}; ln -sf ${binary.argv[0]} ${bin}/haft; export PATH=${bin}:$PATH
${shell} -c '${line(words).replaceAll("'", `'\\''`)}'`;
        const { stdout, stderr } = await sandbox.shell(binary, script);
        assertEquals(stderr, "");
        return stdout.trim().split("\n");
      };
      assertEquals(await complete("app sta"), ["start", "status"]);
      assertEquals(await complete("app stop w"), ["web"]);
    },
  });
}

Deno.test("haft --version --json says which build this is, for which platform", async () => {
  await using sandbox = await Sandbox.create();
  const { code, stdout, stderr } = await sandbox.run(binary, { args: ["--version", "--json"] });
  assertEquals([code, stderr], [0, ""]);
  const facts = JSON.parse(stdout);
  assertEquals(Object.keys(facts), ["version", "build", "platform", "runtime", "executable", "protocol"]);
  assertEquals(`haft ${facts.version}\n`, (await sandbox.run(binary, { args: ["--version"] })).stdout);
  assertEquals([facts.runtime, facts.executable], ["bun", binary.argv[0]]);
  assertEquals(facts.protocol, { min: 1, max: 1 });
});
