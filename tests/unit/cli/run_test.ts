import { assertEquals, assertStringIncludes } from "@std/assert";
import { HaftError, UsageError } from "../../../src/base/errors.ts";
import { resolvePaths } from "../../../src/base/paths.ts";
import type { Context, Output } from "../../../src/cli/command.ts";
import { parseToolTarget } from "../../../src/cli/tool_target.ts";
import { parseDuration, readParams } from "../../../src/cli/ipc_params.ts";
import { describeError, run } from "../../../src/cli/run.ts";

class Recorder implements Output {
  text = "";
  readonly closed = false;
  readonly isTTY = false;
  readonly columns = 80;
  readonly color = false;

  write(text: string): Promise<void> {
    this.text += text;
    return Promise.resolve();
  }
}

async function runWith(args: string[], { signal = new AbortController().signal, cwd = "/" } = {}) {
  const [stdout, stderr] = [new Recorder(), new Recorder()];
  const env = {};
  const context: Context = {
    cwd,
    env,
    home: "/nowhere",
    platform: "linux",
    paths: resolvePaths({ env, platform: "linux", home: "/nowhere" }),
    stdout,
    stderr,
    signal,
    version: "1.2.3",
  };
  return { code: await run(args, context), stdout: stdout.text, stderr: stderr.text };
}

Deno.test("run() prints the version and help on stdout; without a command, help on stderr and code 2", async () => {
  assertEquals(await runWith(["--version"]), { code: 0, stdout: "haft 1.2.3\n", stderr: "" });
  const help = await runWith(["--help"]);
  assertEquals([help.code, help.stderr], [0, ""]);
  assertEquals(await runWith(["help", "sync"]), await runWith(["sync", "--help"]));
  const nothing = await runWith([]);
  assertEquals([nothing.code, nothing.stdout, nothing.stderr], [2, "", help.stdout]);
});

Deno.test("run() names the nearest command", async () => {
  const { code, stderr } = await runWith(["instal"]);
  assertEquals([code, stderr], [2, 'error: Unknown command "instal"\n  Did you mean "haft install"?\n']);
});

Deno.test("run() ends with the error's own code, and 130 when it was interrupted", async () => {
  assertEquals((await runWith(["which", "x", "y"])).code, 2);
  assertEquals((await runWith(["exec", "no-such-tool"])).code, 1);
  assertEquals((await runWith(["exec", "no-such-tool"], { signal: AbortSignal.abort() })).code, 130);
});

Deno.test("describeError() says what happened and the next step; where it arose only with HAFT_DEBUG", () => {
  const stderr = new Recorder();
  const error = new HaftError("It broke", { next: "Mend it\nand again", cause: new TypeError("the reason") });
  assertEquals(describeError(error, { env: {}, stderr }), "error: It broke\n  Mend it\n  and again\n");
  const debug = describeError(error, { env: { HAFT_DEBUG: "1" }, stderr });
  assertStringIncludes(debug, "TypeError: the reason");
  assertStringIncludes(
    describeError(new TypeError("x is not a function"), { env: {}, stderr }),
    "a fault in haft itself",
  );
});

const targets: [text: string, name: string, version: string | undefined][] = [
  ["node", "node", undefined],
  ["node@22", "node", "22"],
  ["node@lts/*", "node", "lts/*"],
  ["npm:prettier", "npm:prettier", undefined],
  ["npm:prettier@3.1", "npm:prettier", "3.1"],
  ["npm:@scope/cli", "npm:@scope/cli", undefined],
  ["npm:@scope/cli@^1", "npm:@scope/cli", "^1"],
];

for (const [text, name, version] of targets) {
  Deno.test(`parseToolTarget() takes ${text} apart`, () =>
    assertEquals(parseToolTarget(text), { name, version }));
}

for (const text of ["../x", "..", "", "a b", "node@", "x:"]) {
  Deno.test(`parseToolTarget() refuses ${JSON.stringify(text)}`, () => {
    let error: unknown;
    try {
      parseToolTarget(text);
    } catch (thrown) {
      error = thrown;
    }
    assertEquals(error instanceof UsageError, true);
  });
}

Deno.test("readParams() reads JSON, and key=value with JSON values and dotted keys", async () => {
  const rows: [words: string[], params: unknown][] = [
    [[], {}],
    [['{"a": [1]}'], { a: [1] }],
    [["a=1", "b=text", "c=true", "d="], { a: 1, b: "text", c: true, d: "" }],
    [["a.b=1", "a.c=x=y"], { a: { b: 1, c: "x=y" } }],
  ];
  for (const [words, params] of rows) assertEquals(await readParams(words), params);
  for (const words of [["{"], ["a=1", "b"], ["{}", "{}"], ["__proto__.x=1"]]) {
    const error = await readParams(words).catch((thrown) => thrown);
    assertEquals([words, error instanceof UsageError], [words, true]);
  }
  assertEquals(Object.hasOwn(Object.prototype, "x"), false);
});

Deno.test("parseDuration() reads times with a unit, seconds without", () => {
  assertEquals(["500ms", "10s", "1.5m", "1h", "2"].map((text) => parseDuration("for", text)), [
    500,
    10_000,
    90_000,
    3_600_000,
    2_000,
  ]);
});
