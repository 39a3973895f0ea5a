/** `haft run` alone: the picker on a terminal, the list everywhere else. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary } from "./support.ts";
import { project } from "./task_sandbox.ts";

const PICKABLE = `[tasks]
build = { run = "echo built", description = "Bundle the program for all platforms" }
serve = { run = "echo ready; read line; echo got $line", description = "Answer requests" }
"test:unit" = { run = "echo tested", description = "Test the small parts" }
`;

Deno.test("haft run alone lists the tasks and exits with 2 where there is no terminal, or a dumb one", async () => {
  await using daemon = await project(binary, PICKABLE);
  const { code, stdout, stderr } = await daemon.run("run");
  assertEquals([code, stdout], [2, ""]);
  assertMatch(
    stderr,
    /haft run build +Bundle the program for all platforms\n +haft run serve +Answer requests\n/,
  );
  const dumb = await daemon.sandbox.terminal(binary, { args: ["run"], columns: 80, env: { TERM: "dumb" } });
  assertEquals(dumb.code, 2);
  assertMatch(dumb.stdout, /haft run build +Bundle/);
  assertEquals(dumb.stdout.includes("\u001b"), false);
});

Deno.test("the list of tasks shows what can be typed: a name with a space in quotes", async () => {
  await using daemon = await project(binary, '[tasks]\n"a b" = "echo it"\n"-x" = "echo x"\n"c:d" = "echo"\n');
  const { stderr } = await daemon.run("run");
  assertMatch(stderr, /haft run 'a b'\n +haft run c:d\n$/);
  const { stdout } = await daemon.sandbox.shell(binary, "haft run 'a b'");
  assertEquals(stdout, "it\n");
});

/** Types once the picker is drawn, and keeps the terminal open until haft has ended. */
async function typed(daemon: DaemonSandbox, keys: string, columns: number) {
  const octal = [...new TextEncoder().encode(keys)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`);
  const { stdout } = await daemon.sandbox.shell(
    binary,
    `rm -f out; touch out
     (until grep -q 'test:unit' out; do sleep 0.02; done; printf '${octal.join("")}'
      until grep -q 'END [0-9]' out; do sleep 0.02; done) |
       TERM=xterm-256color script --quiet --flush --command \
         'stty cols ${columns} rows 24; ${binary.argv[0]} run; echo END $?' out`,
  );
  return { stdout, code: Number(/END (\d+)/.exec(stdout)?.[1]) };
}

const picks: [keys: string, code: number, ran: RegExp][] = [
  ["\r", 0, /built/],
  ["\u001b[B\u001b[B\u001b[A\u001b[B\r", 0, /tested/],
  ["small\r", 0, /tested/],
  ["tu\r", 0, /tested/],
  ["nonsense\u0015tesx\u007f\r", 0, /tested/],
  ["\u001b", 130, /^(?!.*(built|tested|got))/s],
  ["\u0003", 130, /^(?!.*(built|tested|got))/s],
];

for (const columns of [80, 20]) {
  Deno.test(`haft run alone in a terminal of ${columns} columns: a person types, moves, picks and leaves`, async () => {
    await using daemon = await project(binary, PICKABLE);
    for (const [keys, code, ran] of picks) {
      const result = await typed(daemon, keys, columns);
      assertEquals([keys, result.code], [keys, code], result.stdout);
      assertMatch(result.stdout, /Which task\?/);
      assertMatch(result.stdout.split("\u001b[J").at(-1) ?? "", ran, keys);
      // Each frame fits: a line that wraps would stay behind.
      // deno-lint-ignore no-control-regex
      for (const line of result.stdout.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "\n").split(/[\r\n]+/)) {
        assert(line.length <= columns, line);
      }
    }
  });
}

Deno.test("a task that was picked has the terminal for itself", async () => {
  await using daemon = await project(binary, PICKABLE);
  const { stdout } = await daemon.sandbox.shell(
    binary,
    `touch out; (printf 'serv\\r'; until grep -q ready out; do sleep 0.05; done; printf 'hello\\n') |
      script --quiet --flush --return --command '${binary.argv[0]} run' out`,
  );
  assertMatch(stdout, /ready\r?\n(hello\r?\n)?got hello/);
});
