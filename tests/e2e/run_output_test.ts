import { Buffer } from "node:buffer";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { AbortReason, TaskInfo } from "../../src/protocol/methods/task_methods.ts";
import { until } from "../support/until.ts";
import type { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary, everyHaft, isGone } from "./support.ts";
import { project } from "./task_sandbox.ts";

async function listed(daemon: DaemonSandbox): Promise<TaskInfo[]> {
  return (await daemon.call("task.list", { cwd: daemon.sandbox.project }))["tasks"] as TaskInfo[];
}

/** All 256 bytes, a line of each kind, and no line end at the end. */
const BYTES = Uint8Array.from([
  ...Array(256).keys(),
  ...new TextEncoder().encode("\r\n\x1b[31mred\x1b[0m\n\0end"),
]);

for (const haft of everyHaft) {
  Deno.test(`${haft.name}: what a task writes goes into a file or a pipe byte for byte, each stream on its own`, async () => {
    await using daemon = await project(haft, '[tasks]\nout = "cat bytes"\nerr = "cat bytes >&2"\n');
    const { project: directory } = daemon.sandbox;
    writeFileSync(join(directory, "bytes"), BYTES);
    const kept = (name: string) => Uint8Array.from(readFileSync(join(directory, name)));
    for (const mode of ["", "--output raw", "--output quiet"]) {
      const { stderr } = await daemon.sandbox.shell(
        haft,
        `haft run ${mode} out > o; haft run ${mode} err 2> e`,
      );
      assertEquals([kept("o"), kept("e"), stderr], [BYTES, BYTES, ""], mode);
    }
    await daemon.sandbox.shell(haft, "haft run --output raw -j1 out err > o 2> e; haft run out | cat > p");
    assertEquals([kept("o"), kept("p")], [BYTES, BYTES]);
    const log = readFileSync((await listed(daemon)).find(({ name }) => name === "out")?.log ?? "");
    assertEquals(Uint8Array.from(log), BYTES);
  });
}

Deno.test("lines with a prefix keep all bytes where the output is no terminal", async () => {
  await using daemon = await project(binary, '[tasks]\nout = "cat bytes"\nend = "printf end"\n');
  const { project: directory } = daemon.sandbox;
  writeFileSync(join(directory, "bytes"), BYTES);
  const lines = Buffer.from(BYTES).toString("latin1").split("\n");
  for (const mode of ["prefixed", "grouped"]) {
    await daemon.sandbox.shell(binary, `haft run --output ${mode} -j1 out end > o`);
    assertEquals(
      readFileSync(join(directory, "o"), "latin1"),
      [...lines.map((line) => `out | ${line}\n`), "end | end\n"].join(""),
      mode,
    );
  }
});

Deno.test("a task's name before its lines is as wide as it looks, and acts on no terminal", async () => {
  await using daemon = await project(
    binary,
    '[tasks]\n"日本" = "echo 1"\nlong = "echo 2"\n"a\\nb\\u001b[31m" = "echo 3"\n',
  );
  const { stdout } = await daemon.sandbox.shell(binary, "haft run -j1 日本 long");
  assertEquals(stdout, "日本 | 1\nlong | 2\n");
  const odd = await daemon.sandbox.shell(binary, "haft run -j1 $'a\\nb\\e[31m' long");
  assertMatch(odd.stdout, /^a\\u000ab\\u001b\[31m \| 3\nlong {15}\| 2\n$/);
});

Deno.test("the line about a task that failed is red, and the one about a task that completed is dim", async () => {
  await using daemon = await project(binary, '[tasks]\ngood = "true"\nbad = "exit 3"\n');
  const { stderr } = await daemon.sandbox.shell(
    binary,
    "haft run --color=always --output prefixed -j1 good bad",
  );
  assertStringIncludes(stderr, "\x1b[2mgood: completed\x1b[22m");
  assertStringIncludes(stderr, "\x1b[31mbad: failed with exit code 3\x1b[39m");
});

Deno.test("a task can open its output by the names /dev/stdout and /dev/stderr", async () => {
  await using daemon = await project(
    binary,
    '[tasks]\nt = "echo out > /dev/stdout; echo err > /dev/stderr"\n',
  );
  const { code, stdout, stderr } = await daemon.run("run", "t");
  assertEquals([code, stdout, stderr], [0, "out\n", "err\n"]);
});

Deno.test("a task whose reader has gone ends as by SIGPIPE, in every mode, and its log ends with it", async () => {
  await using daemon = await project(
    binary,
    '[tasks]\nyes = "yes"\nother = "yes"\n',
  );
  const pipe = (line: string) => daemon.sandbox.shell(binary, `${line}; echo "\${PIPESTATUS[0]}"`);
  for (const mode of ["", "--output raw", "--output quiet", "--output prefixed", "--timestamps"]) {
    const { stdout, stderr } = await pipe(`haft run ${mode} yes | head -1`);
    assertMatch(stdout, /y\n141\n$/, mode);
    assertEquals(stderr, "", mode);
  }
  assertMatch((await pipe("haft run yes other | head -1")).stdout, /y\n141\n$/);
  assertEquals((await pipe("haft run yes | true")).stdout, "141\n");
  for (const { state, log } of await listed(daemon)) {
    assertEquals([state, readFileSync(log).length < 64_000_000], ["aborted", true]);
  }
});

const SLEEPS = `[tasks]
one = "echo $$ > one.pid; sleep 600; true"
two = "echo $$ > two.pid; sleep 600 & sleep 600; true"
`;

/** Resolves when the tasks of {@link SLEEPS} run, and to their processes. */
async function sleepers(daemon: DaemonSandbox, names: readonly string[]): Promise<number[]> {
  const pids: number[] = [];
  for (const name of names) {
    const read = () => {
      try {
        return Number(readFileSync(join(daemon.sandbox.project, `${name}.pid`), "utf8"));
      } catch {
        return 0;
      }
    };
    pids.push(await until(read, `${name} writes its pid`));
  }
  return pids;
}

for (const signal of ["SIGHUP", "SIGTERM"] as const) {
  Deno.test(`${signal} to haft run ends its tasks and all that they started, and they are cancelled`, async () => {
    for (const args of [["one"], ["two"], ["--no-tty", "one"], ["-j2", "one", "two"]]) {
      await using daemon = await project(binary, SLEEPS);
      const names = args.filter((word) => !word.startsWith("-"));
      const run = daemon.sandbox.run(binary, { args: ["run", ...args], ownGroup: true });
      const pids = await sleepers(daemon, names);
      const { stdout } = await daemon.sandbox.shell(binary, `ps -o ppid= -p ${pids[0]}`);
      process.kill(Number(stdout), signal);
      await run;
      assertEquals(pids.map(isGone), pids.map(() => true), args.join(" "));
      assertEquals(
        (await listed(daemon)).map(({ reason }) => reason),
        names.map((): AbortReason => "cancelled"),
      );
    }
  });
}

Deno.test("a terminal that is closed ends the tasks in front of it, and nohup keeps one", async () => {
  for (const args of [["one"], ["two"], ["--no-tty", "one"], ["--record", "one"], ["one", "two", "-j2"]]) {
    await using daemon = await project(binary, SLEEPS);
    const names = args.filter((word) => !word.startsWith("-"));
    // SIGKILL of `script` closes the terminal's other side.
    const closed = daemon.sandbox.shell(
      binary,
      `mkfifo typed; script -qc "exec ${binary.argv.join(" ")} run ${
        args.join(" ")
      }" /dev/null <> typed > /dev/null & echo $! > script.pid; wait`,
    );
    const pids = await sleepers(daemon, names);
    process.kill(Number(readFileSync(join(daemon.sandbox.project, "script.pid"), "utf8")), "SIGKILL");
    await closed;
    await until(() => pids.every(isGone), "all have ended");
    await until(() => listed(daemon), "no task runs", {
      passes: (tasks) => tasks.every(({ state }) => state !== "running"),
    });
    assertEquals(
      (await listed(daemon)).map(({ reason }) => reason),
      names.map((): AbortReason => "cancelled"),
      args.join(" "),
    );
  }
  await using daemon = await project(binary, '[tasks]\nt = "kill -HUP $PPID; sleep 0.2; echo kept"\n');
  const kept = await daemon.sandbox.shell(binary, `nohup ${binary.argv.join(" ")} run t`);
  assertEquals(kept.stdout, "kept\n");
});

Deno.test("a task runs in front without a history where haft's directories cannot be written", async () => {
  await using daemon = await project(
    binary,
    `[tasks]
t = { run = "echo built; touch out", inputs = ["haft.toml"], outputs = ["out"] }
script = """#!/bin/sh
echo script"""
`,
  );
  const env = { HOME: "/proc", HAFT_HOME: "", XDG_RUNTIME_DIR: "", HAFT_TRUST: "1" };
  for (const [name, text] of [["t", "built\n"], ["script", "script\n"]] as const) {
    const { code, stdout, stderr } = await daemon.sandbox.run(binary, { args: ["run", name], env });
    assertEquals([code, stdout], [0, text], stderr);
    assertMatch(stderr, /^This run is not kept in the history: .*\n$/);
  }
  const quiet = await daemon.sandbox.run(binary, { args: ["run", "--output", "quiet", "t"], env });
  assertEquals([quiet.code, quiet.stdout, quiet.stderr], [0, "built\n", ""]);
  const command = await daemon.sandbox.run(binary, { args: ["run", "--", "echo", "hi"], env });
  assertStringIncludes(command.stdout, "hi\n");
});

Deno.test("a command whose reader has gone ends by itself, without a word", async () => {
  await using daemon = await project(
    binary,
    `[apps]
noisy = "while :; do echo line; sleep 0.05; done"
[tasks]
loop = "while :; do echo line; sleep 0.05; done"
watched = { run = "yes", inputs = ["haft.toml"] }
`,
  );
  assertEquals((await daemon.run("app", "up", "-d")).code, 0);
  const id = (await daemon.run("task", "start", "loop")).stdout.trim();
  const commands = [
    "app logs",
    "app logs -f",
    `task logs -f ${id}`,
    "app up",
    "task list",
    "watch watched",
    "tasks",
  ];
  for (const command of commands) {
    const { stdout, stderr } = await daemon.sandbox.shell(binary, `haft ${command} | head -1`);
    assertEquals([command, stdout.trim().split("\n").length], [command, 1]);
    assertEquals(/\bat .*:\d+:\d+|EPIPE|[Bb]roken pipe/.test(stderr), false, `${command}: ${stderr}`);
  }
  await daemon.run("task", "cancel", id);
});
