import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { binary, isGone } from "./support.ts";
import { project } from "./task_sandbox.ts";

/** Runs `haft watch`, and takes the next step each time when what it waits for has been printed. */
async function watching(
  daemon: Awaited<ReturnType<typeof project>>,
  args: string[],
  steps: { until: string; then: (pid: number) => void }[],
  env: Record<string, string> = {},
) {
  const left = [...steps];
  let seen = 0;
  return await daemon.sandbox.run(binary, {
    args: ["watch", ...args],
    env,
    ownGroup: true,
    onOutput: ({ pid, stdout, stderr }) => {
      const text = stdout + stderr;
      const [step] = left;
      if (step === undefined || text.split(step.until).length - 1 <= seenBefore(step.until)) return;
      left.shift();
      counted.set(step.until, seenBefore(step.until) + 1);
      seen++;
      step.then(pid);
    },
  }).then((result) => ({ ...result, seen }));

  function seenBefore(text: string): number {
    return counted.get(text) ?? 0;
  }
}
const counted = new Map<string, number>();

const WAITING = "waiting for a change";
const end = (pid: number) => process.kill(pid, "SIGINT");

Deno.test("haft watch runs a task again when an input changes, is made or removed; its own outputs are no reason", async () => {
  counted.clear();
  await using daemon = await project(
    binary,
    `[tasks.gen]
run = "cat src/*.txt > src/all.gen; echo gen"
inputs = ["src"]
outputs = ["src/all.gen"]
[tasks.build]
run = 'echo "built $(cat src/all.gen | tr "\\n" " ")"'
inputs = ["src/*.gen"]
depends = ["gen"]
`,
  );
  const at = (name: string) => join(daemon.sandbox.project, name);
  mkdirSync(at("src/sub"), { recursive: true });
  writeFileSync(at("src/a.txt"), "one\n");
  writeFileSync(at("other.txt"), "");
  const { code, stdout, stderr, seen } = await watching(daemon, ["build", "--output", "raw"], [
    {
      until: WAITING,
      then: () => {
        appendFileSync(at("other.txt"), "no input");
        writeFileSync(at("src/a.txt"), "two\n");
      },
    },
    { until: WAITING, then: () => writeFileSync(at("src/b.txt"), "three\n") },
    { until: WAITING, then: () => rmSync(at("src/a.txt")) },
    { until: WAITING, then: end },
  ]);
  assertEquals([code, seen], [130, 4], stderr);
  assertEquals(stdout, "gen\nbuilt one \ngen\nbuilt two \ngen\nbuilt two three \ngen\nbuilt three \n");
  assertStringIncludes(stderr, "haft: src/a.txt changed\n");
  assert(!stderr.includes("other.txt") && !stderr.includes("all.gen"), stderr);
});

Deno.test("haft watch restarts a run that is going on, or queues one more; Ctrl-C leaves nothing behind", async () => {
  await using daemon = await project(
    binary,
    `[tasks.serve]
run = 'echo "serving $(cat in.txt) $$"; sleep 600'
inputs = ["in.txt"]
[tasks.slow]
run = 'x=$(cat in.txt); echo "began $x"; while ! test -e "go-$x"; do sleep 0.02; done; echo "ended $x"'
inputs = ["in.txt"]
`,
  );
  const at = (name: string) => join(daemon.sandbox.project, name);
  writeFileSync(at("in.txt"), "1");
  counted.clear();
  const serve = await watching(daemon, ["serve"], [
    { until: "serving 1", then: () => writeFileSync(at("in.txt"), "2") },
    { until: "serving 2", then: end },
  ]);
  assertEquals([serve.code, serve.seen], [130, 2], serve.stderr);
  for (const [, pid = ""] of serve.stdout.matchAll(/serving \d (\d+)/g)) assert(isGone(Number(pid)));

  counted.clear();
  const queued = await watching(daemon, ["slow", "--on-busy", "queue"], [
    {
      until: "began 2",
      then: () => {
        writeFileSync(at("in.txt"), "3");
        setTimeout(() => writeFileSync(at("go-2"), ""), 500);
      },
    },
    { until: "began 3", then: () => writeFileSync(at("go-3"), "") },
    { until: "ended 3", then: end },
  ]);
  assertEquals(queued.code, 130, queued.stderr);
  assertEquals(queued.stdout, "began 2\nended 2\nbegan 3\nended 3\n");
});

Deno.test("haft watch goes on after a failure and a wrong manifest; what is not trusted ends it, and what it cannot watch is an error at once", async () => {
  await using daemon = await project(
    binary,
    '[tasks]\nbad = { run = "echo bad; exit 3", inputs = ["in.txt"] }\n',
  );
  writeFileSync(join(daemon.sandbox.project, "in.txt"), "");
  counted.clear();
  const { code, stdout, stderr } = await watching(daemon, ["bad"], [
    { until: WAITING, then: () => daemon.sandbox.manifest("[tasks\n") },
    {
      until: WAITING,
      then: () => {
        daemon.sandbox.manifest('[tasks]\nbad = { run = "echo better", inputs = ["in.txt"] }\n');
      },
    },
  ]);
  assertEquals([code, stdout], [1, "bad\n"], stderr);
  assertStringIncludes(stderr, "is not trusted");
  const unknown = await daemon.run("watch", "nope");
  assertEquals(unknown.code, 2);
  assertStringIncludes(unknown.stderr, 'has no task "nope"');
  assertEquals((await daemon.run("watch")).code, 2);
});

Deno.test("haft watch runs another program's task by that program, on changes of what --pattern says", async () => {
  counted.clear();
  await using daemon = await project(binary, "[tools]\n");
  const at = (name: string) => join(daemon.sandbox.project, name);
  const bin = join(daemon.sandbox.root, "home", ".local", "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(
    join(bin, "just"),
    '#!/bin/sh\n[ "$1" = --version ] || { echo "just $*"; cat src/*.txt; }\n',
    {
      mode: 0o755,
    },
  );
  writeFileSync(at("justfile"), "build:\n  echo x\n");
  mkdirSync(at("src"));
  writeFileSync(at("src/a.txt"), "one\n");
  writeFileSync(at("src/a.gen"), "");
  const { code, stdout, stderr } = await watching(
    daemon,
    ["build", "--pattern", "src/**,!src/*.gen"],
    [
      {
        until: WAITING,
        then: () => {
          writeFileSync(at("other.txt"), "x");
          writeFileSync(at("src/a.gen"), "x");
          writeFileSync(at("src/b.txt"), "two\n");
        },
      },
      { until: "src/b.txt changed", then: () => {} },
      { until: WAITING, then: end },
    ],
    { PATH: `${bin}:/usr/bin:/bin`, HAFT_TRUST: "1" },
  );
  assertEquals([code, stdout], [130, "just build\none\njust build\none\ntwo\n"], stderr);
});
