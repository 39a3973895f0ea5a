/** Tasks that go on after Ctrl-C. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import process from "node:process";
import { binary } from "./support.ts";
import { project } from "./task_sandbox.ts";

const STUBBORN =
  "trap 'echo got INT' INT; trap 'echo got TERM' TERM; echo ready; while :; do sleep 0.1; done";
const MANIFEST = `[tasks.stubborn]
run = "${STUBBORN}"
[tasks.other]
run = "${STUBBORN}"
[tasks.line]
run = ["python3", "-c", '''
import os, signal, sys, threading
say, keys = lambda text: os.write(1, text.encode() + b"\\n"), []
def key(*_):
    keys.append(1)
    say("key %d." % len(keys))
    if len(keys) == 3:
        threading.Timer(1, say, ["later"]).start()
signal.signal(signal.SIGINT, key)
say("ready")
say("got " + sys.stdin.readline())
''']
[tasks.prompt]
run = '''
stty -icanon; n=0; trap 'n=$((n+1)); echo "key $n."' INT; echo ready
while [ $n -lt 4 ]; do sleep 0.1 || true; done; stty icanon; echo left
'''
`;
const CTRL_C = "\u0003";

for (const flags of [[], ["--record"]]) {
  Deno.test(`a second Ctrl-C ends a task that ignores the first by SIGTERM, a third by SIGKILL (${["haft run", ...flags].join(" ")})`, async () => {
    await using daemon = await project(binary, MANIFEST);
    const { code, stdout } = await daemon.sandbox.terminal(binary, {
      args: ["run", ...flags, "stubborn"],
      columns: 100,
      typed: ["ready", "got INT", "got TERM"].map((after) => ({ after, keys: CTRL_C })),
    });
    assertEquals(code, 130, stdout);
    assertStringIncludes(
      stdout,
      "stubborn still runs after Ctrl-C, and is sent SIGTERM; Ctrl-C once more kills it",
    );
    assertStringIncludes(stdout, "stubborn still runs, and is killed (SIGKILL)");
    assertStringIncludes(stdout, "stubborn: cancelled");
  });
}

Deno.test("a program that waits for a line keeps every Ctrl-C for itself", async () => {
  await using daemon = await project(binary, MANIFEST);
  const { code, stdout } = await daemon.sandbox.terminal(binary, {
    args: ["run", "line"],
    columns: 100,
    typed: [
      ...["ready", "key 1.", "key 2."].map((after) => ({ after, keys: CTRL_C })),
      { after: "later", keys: "word\r" },
    ],
  });
  assertEquals(code, 0, stdout);
  assertStringIncludes(stdout, "got word");
});

Deno.test("a prompt, which reads key by key, keeps every Ctrl-C for itself", async () => {
  await using daemon = await project(binary, MANIFEST);
  const { code, stdout } = await daemon.sandbox.terminal(binary, {
    args: ["run", "prompt"],
    columns: 100,
    typed: ["ready", "key 1.", "key 2.", "key 3."].map((after) => ({ after, keys: CTRL_C })),
  });
  assertEquals(code, 0, stdout);
  assertMatch(stdout, /left\r?\n$/);
});

Deno.test("several tasks that ignore Ctrl-C are ended with it by the next ones, and none is left", async () => {
  await using daemon = await project(binary, MANIFEST);
  const seen = (text: string, what: string) => text.split(what).length - 1;
  let sent = 0;
  const { code, stderr } = await daemon.sandbox.run(binary, {
    args: ["run", "stubborn", "other"],
    onOutput({ pid, stdout }) {
      const due = seen(stdout, "ready") < 2
        ? 0
        : seen(stdout, "got INT") < 2
        ? 1
        : seen(stdout, "got TERM") < 2
        ? 2
        : 3;
      for (; sent < due; sent++) process.kill(pid, "SIGINT");
    },
  });
  assertEquals(code, 130, stderr);
  for (const name of ["stubborn", "other"]) {
    assertStringIncludes(stderr, `${name} still runs after Ctrl-C, and is sent SIGTERM`);
    assertStringIncludes(stderr, `${name} still runs, and is killed (SIGKILL)`);
  }
});
