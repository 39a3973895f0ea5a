import { assertEquals, assertStringIncludes } from "@std/assert";
import { HaftError } from "../../../src/base/errors.ts";
import { describeError } from "../../../src/cli/describe_error.ts";
import { run } from "../../../src/cli/run.ts";
import { fakeContext, Recorder } from "./support.ts";

async function runWith(args: string[], options: { signal?: AbortSignal; cwd?: string } = {}) {
  const context = fakeContext(options);
  const code = await run(args, context);
  return { code, stdout: context.stdout.text, stderr: context.stderr.text };
}

Deno.test("run() prints the version and help on stdout; without a command, help on stderr and code 2", async () => {
  assertEquals(await runWith(["--version"]), { code: 0, stdout: "haft 1.2.3\n", stderr: "" });
  const help = await runWith(["--help"]);
  assertEquals([help.code, help.stderr], [0, ""]);
  assertEquals(await runWith(["help", "sync"]), await runWith(["sync", "--help"]));
  const nothing = await runWith([]);
  assertEquals([nothing.code, nothing.stdout, nothing.stderr.startsWith(help.stdout)], [2, "", true]);
  assertStringIncludes(nothing.stderr, "There is no haft.toml here");
});

Deno.test("run() shows a group's own page and a verb's own page, whichever way help is asked for", async () => {
  const group = await runWith(["app", "--help"]);
  assertStringIncludes(group.stdout, "Usage: haft app COMMAND");
  for (const args of [["help", "app"], ["app", "help"], ["app", "-h"]]) {
    assertEquals(await runWith(args), group);
  }
  assertEquals(await runWith(["app"]), { code: 2, stdout: "", stderr: group.stdout });
  const verb = await runWith(["app", "start", "--help"]);
  assertStringIncludes(verb.stdout, "haft app start NAME -- COMMAND");
  for (const args of [["help", "app", "start"], ["app", "start", "web", "-h"]]) {
    assertEquals(await runWith(args), verb);
  }
});

Deno.test("run() names the nearest verb, and says where options belong", async () => {
  const rows: [args: string[], stderr: string][] = [
    [["app", "strat"], 'error: Unknown command "haft app strat"\n  Did you mean "haft app start"?\n'],
    [["task", "zzz"], 'error: Unknown command "haft task zzz"\n  Run "haft task --help" for the commands\n'],
    [
      ["app", "--json", "status"],
      'error: Unknown option --json for "haft app"\n  Options follow the command: "haft app COMMAND --json"\n',
    ],
    [
      ["app", "start", "--jsn"],
      'error: Unknown option --jsn for "haft app start"\n  Did you mean --json?\n',
    ],
  ];
  for (const [args, stderr] of rows) assertEquals(await runWith(args), { code: 2, stdout: "", stderr });
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
