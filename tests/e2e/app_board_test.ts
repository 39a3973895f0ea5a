/** The board of `haft app up` and `haft app top`, in a terminal of its own. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import stringWidth from "string-width";
import process from "node:process";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { Screen } from "./screen.ts";
import { binary } from "./support.ts";

const MANIFEST = `
[apps.web]
command = ["sh", "-c", "i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo row $i; done; exec sleep 600"]
env = { SECRET = "hush-hush" }
depends_on = { db = "started" }
[apps.db]
command = ["sh", "-c", "echo db is up; exec sleep 600"]
`;

async function project(manifest = MANIFEST): Promise<DaemonSandbox> {
  const daemon = await DaemonSandbox.create(binary);
  daemon.sandbox.manifest(manifest);
  await daemon.run("trust");
  return daemon;
}

function open(
  daemon: DaemonSandbox,
  args: readonly string[],
  options: Partial<Parameters<typeof Screen.open>[0]> = {},
) {
  return Screen.open({ sandbox: daemon.sandbox, haft: binary, args, ...options });
}

Deno.test("app up on a terminal shows the board: states, the log that scrolls back, and a search", async () => {
  await using daemon = await project();
  await using screen = open(daemon, ["app", "up"]);
  await screen.until((text) =>
    /web +running/.test(text) && /db +running/.test(text) && text.includes("row 300")
  );
  assert(screen.isFullScreen && screen.hasMouse);
  screen.type("\x1b[5~");
  await screen.until((text) => text.includes("scrolled back") && !text.includes("row 300"));
  screen.type("\x1b[H");
  await screen.until(/^ row 1$/m);
  screen.type("\x1b[F");
  await screen.until(/^ row 300$/m);
  // The wheel, over the log.
  screen.type("\x1b[<64;5;15M");
  await screen.until((text) => text.includes("row 297") && !text.includes("row 300"));
  screen.type("/row 12\r");
  await screen.until("11 lines have");
  await screen.until(/^›row 129$/m);
  screen.type("N");
  await screen.until(/^›row 128$/m);
  screen.type("nn");
  await screen.until(/^›row 12$/m);
  screen.type("z");
  await screen.until((text) => !/db +running/.test(text));
  screen.type("\r");
  await screen.until(/db +running/);
  screen.type("q");
  assertEquals(await screen.ended(), 0);
  assert(screen.isRestored);
  assertStringIncludes(screen.text, "Stopping");
});

Deno.test("the board starts, stops, restarts and scales apps, and tells of one without its variables' values", async () => {
  await using daemon = await project();
  await using screen = open(daemon, ["app", "up"]);
  await screen.until(/› +web +running/);
  screen.type("r");
  await screen.until("restart web: done");
  screen.type("x");
  await screen.until(/web +stopped +0 +SIGTERM/);
  screen.type("s");
  await screen.until(/web +running/);
  screen.type("i");
  await screen.until(/depends on\n└─ db \(started\): running/);
  assertMatch(screen.text, /env +SECRET/);
  screen.type("\x1b");
  await screen.until(/› +web +running/);
  screen.type("+");
  await screen.until(/web:1 +running/);
  screen.type("-");
  await screen.until(/web +running/);
  screen.type("?");
  await screen.until("stop all apps and quit");
  screen.type("\x1bd");
  assertEquals(await screen.ended(), 0);
  assertEquals(screen.written.includes("hush-hush"), false);
  assertStringIncludes(screen.text, "The apps go on");
  const { stdout } = await daemon.run("app", "status", "web", "--json");
  assertEquals(JSON.parse(stdout)[0].state, "running");
});

Deno.test("the board fits a terminal that changes its size, from 20 columns to 200", async () => {
  await using daemon = await project();
  await using screen = open(daemon, ["app", "up"]);
  await screen.until("row 300");
  for (const [columns, rows] of [[20, 10], [200, 50], [40, 6], [80, 24]] as const) {
    await screen.resize(columns, rows);
    // The terminal keeps what was drawn for its former size until the board is drawn anew.
    await screen.until((text) => {
      const lines = text.split("\n");
      return lines.length === rows && lines.at(-1)?.includes("?:help") === true &&
        /web +running/.test(text) &&
        lines.every((line) => stringWidth(line) <= columns);
    });
    assertEquals(screen.isWrapped, false, screen.text);
  }
});

Deno.test("what apps write cannot act on the terminal that the board is on", async () => {
  const hostile =
    "\\033]52;c;ZXZpbA==\\007\\033[2J\\033[?1049lmark\\033[31mred\\033[0m\\033]0;title\\007 end";
  await using daemon = await project(
    `[apps.web]\ncommand = ["sh", "-c", ${JSON.stringify(`printf '${hostile}\\n'; exec sleep 600`)}]\n`,
  );
  await using screen = open(daemon, ["app", "up"]);
  await screen.until("markred end");
  assert(screen.isFullScreen);
  assertStringIncludes(screen.written, "\x1b[31mred");
  for (const sequence of ["\x1b]", "\x1b[2J"]) assertEquals(screen.written.includes(sequence), false);
  screen.type("y");
  await screen.until("Copied 1 line");
  // deno-lint-ignore no-control-regex -- the sequence that sets the clipboard
  const [, copied = ""] = /\x1b\]52;c;([^\x07]*)\x07/.exec(screen.written) ?? [];
  assertEquals(atob(copied), "markred end");
});

Deno.test("t shows a plain log instead of the board, and the board again", async () => {
  await using daemon = await project();
  await using screen = open(daemon, ["app", "up"]);
  await screen.until("row 300");
  screen.type("t");
  await screen.until(/web \| row 300/);
  assertEquals([screen.isFullScreen, screen.hasMouse], [false, false]);
  screen.type("t");
  await screen.until((text) => /web +running/.test(text));
  assert(screen.isFullScreen);
  screen.type("\x03");
  assertEquals(await screen.ended(), 130);
  assert(screen.isRestored);
  const { stdout } = await daemon.run("app", "status", "web", "--json");
  assertEquals(JSON.parse(stdout)[0].state, "stopped");
});

Deno.test("an app that ends while the board is shown has its exit code there; the last one ends the board", async () => {
  await using daemon = await project(
    `[apps.long]\ncommand = "sleep 600"\n[apps.short]\ncommand = ["sh", "-c", "exit 7"]\nrestart = "no"\n`,
  );
  await using screen = open(daemon, ["app", "up"]);
  await screen.until(/short +crashed +0 +7/);
  screen.type("x");
  assertEquals(await screen.ended(), 7);
  assert(screen.isRestored);
  assertMatch(screen.text, /short is crashed: .*7\n +See "haft app logs short"/);
});

for (const signal of ["SIGTERM", "SIGHUP", "SIGQUIT"] as const) {
  Deno.test(`${signal} leaves the terminal as it was before the board`, async () => {
    await using daemon = await project();
    await using screen = open(daemon, ["app", "up"]);
    await screen.until("row 300");
    screen.signal(signal);
    await screen.ended();
    assert(screen.isRestored, screen.text);
  });
}

for (const verb of ["up", "top"]) {
  Deno.test(`the board of app ${verb} starts another daemon when its own is killed under it, and goes on`, async () => {
    await using daemon = await project();
    await daemon.run("app", "up", "-d");
    await using screen = open(daemon, ["app", verb]);
    await screen.until("row 300");
    process.kill(JSON.parse((await daemon.run("daemon", "status", "--json")).stdout).pid, "SIGKILL");
    while ((await daemon.run("daemon", "status")).code !== 0) { /* The next one has not come yet. */ }
    await screen.until((text) => /web +running/.test(text) && !text.includes("The daemon ended"));
    screen.type("x");
    await screen.until(/web +stopped/);
    screen.type("q");
    assertEquals(await screen.ended(), 0);
    assert(screen.isRestored);
  });
}

Deno.test("where there can be no board, app up prints lines, and says so when the board is asked for", async () => {
  await using daemon = await project(`[apps.web]\ncommand = ["sh", "-c", "echo hello"]\nrestart = "no"\n`);
  for (
    const [args, env, expected] of [
      [["--tui"], { TERM: "dumb" }, /^TERM=dumb .*: lines instead of the board/m],
      [[], { TERM: "dumb" }, /^web \| hello/m],
      [["--no-tui"], {}, /web \| hello/m],
    ] as const
  ) {
    await using screen = open(daemon, ["app", "up", ...args], { env });
    assertEquals(await screen.ended(), 0, screen.text);
    assertMatch(screen.text, expected);
    assertEquals(screen.written.includes("\x1b[?1049h"), false);
  }
  const { stderr } = await daemon.run("app", "up", "--tui");
  assertStringIncludes(stderr, "This is no terminal: lines instead of the board");
  await using top = open(daemon, ["app", "top"], { env: { TERM: "dumb" } });
  assertEquals(await top.ended(), 2);
});
