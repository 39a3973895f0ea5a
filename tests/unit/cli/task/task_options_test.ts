import { assertEquals, assertThrows } from "@std/assert";
import { HaftError, UsageError } from "../../../../src/base/errors.ts";
import { parseIds, parseStart, startRequest } from "../../../../src/cli/task/task_options.ts";

const parsed = (positional: string[], rest: string[] = [], flags: [string, string | true][] = []) => ({
  flags: new Map(flags),
  positional,
  rest,
});

Deno.test("parseStart() reads names or a command, and what the task is given", () => {
  const flags: [string, string | true][] = [
    ["text", "go"],
    ["image", "a.png,b.png"],
    ["config", '{"mode": "fast"}'],
    ["json", true],
  ];
  const options = parseStart(parsed(["build"], [], flags));
  assertEquals(options, {
    names: ["build"],
    command: [],
    args: [],
    force: false,
    envFiles: [],
    inherit: true,
    text: "go",
    images: ["a.png", "b.png"],
    configuration: { mode: "fast" },
    on: undefined,
    all: false,
    json: true,
    socket: undefined,
  });
  const env = { FOO: "1", SHLVL: "2" };
  assertEquals(startRequest("build", options, { cwd: "/p", env }), {
    cwd: "/p",
    env: { FOO: "1" },
    name: "build",
    text: "go",
    images: ["a.png", "b.png"],
    configuration: { mode: "fast" },
  });
  assertEquals(startRequest(undefined, parseStart(parsed([], ["make", "-j4"])), { cwd: "/p", env: {} }), {
    cwd: "/p",
    env: {},
    command: ["make", "-j4"],
  });
  const withWords = parseStart(parsed(["test"], ["--watch"]));
  assertEquals(startRequest("test", withWords, { cwd: "/p", env: {} }), {
    cwd: "/p",
    env: {},
    args: ["--watch"],
    name: "test",
  });
});

Deno.test("parseStart() refuses neither, words for several tasks, and a configuration that is not an object", () => {
  assertThrows(() => parseStart(parsed([])), UsageError, "None was named");
  assertThrows(() => parseStart(parsed(["a", "b"], ["c"])), UsageError, "need one task");
  for (const config of ["[1]", "null", "{"]) {
    assertThrows(() => parseStart(parsed(["a"], [], [["config", config]])), UsageError, "a JSON object");
  }
});

Deno.test("parseIds() wants at least one id", () => {
  assertEquals(parseIds(parsed(["0123456789ab"], ["ba9876543210"])).ids, ["0123456789ab", "ba9876543210"]);
  assertThrows(() => parseIds(parsed([])), UsageError, "No id was given");
  assertThrows(() => parseIds(parsed(["build"])), HaftError, 'no task with the id "build"');
});
