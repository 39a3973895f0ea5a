import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../src/base/errors.ts";
import { parseCommandLine } from "../../../src/cli/parse.ts";
import { plainLine } from "../../../src/cli/plain_line.ts";

const command = {
  path: "demo",
  flags: [
    { name: "jobs", short: "j", value: "N", description: "" },
    { name: "force", short: "f", description: "" },
    { name: "dry-run", short: "n", description: "" },
  ],
};

function parsed(args: string[], stopEarly = false) {
  const { flags, positional, rest } = parseCommandLine(args, { ...command, stopEarly });
  return { flags: Object.fromEntries(flags), positional, rest };
}

const rows: [args: string[], expected: ReturnType<typeof parsed>][] = [
  [[], { flags: {}, positional: [], rest: [] }],
  [["a", "--jobs", "4", "b"], { flags: { jobs: "4" }, positional: ["a", "b"], rest: [] }],
  [["--jobs=4"], { flags: { jobs: "4" }, positional: [], rest: [] }],
  [["-j4", "-f"], { flags: { jobs: "4", force: true }, positional: [], rest: [] }],
  [["-j", "4"], { flags: { jobs: "4" }, positional: [], rest: [] }],
  [["--dry-run", "--force"], { flags: { "dry-run": true, force: true }, positional: [], rest: [] }],
  [["a", "--", "--force", "b"], { flags: {}, positional: ["a"], rest: ["--force", "b"] }],
  [["1.10", "007"], { flags: {}, positional: ["1.10", "007"], rest: [] }],
  [["-"], { flags: {}, positional: ["-"], rest: [] }],
  [["--help"], { flags: { help: true }, positional: [], rest: [] }],
];

for (const [args, expected] of rows) {
  Deno.test(`parseCommandLine() splits ${JSON.stringify(args)}`, () => assertEquals(parsed(args), expected));
}

Deno.test("parseCommandLine() leaves what follows the first argument to the tool, where the command says so", () => {
  assertEquals(parsed(["-f", "tool", "--jobs", "x", "-f", "--unknown"], true), {
    flags: { force: true },
    positional: ["tool", "--jobs", "x", "-f", "--unknown"],
    rest: [],
  });
});

const wrong: [args: string[], message: string, next: string][] = [
  [["--jbos", "4"], 'Unknown option --jbos for "haft demo"', "Did you mean --jobs?"],
  [["--zzz"], 'Unknown option --zzz for "haft demo"', 'Run "haft demo --help" for its options'],
  [["-x"], 'Unknown option -x for "haft demo"', 'Run "haft demo --help" for its options'],
  [["--jobs"], "--jobs needs a value", 'Run "haft demo --help" for its options'],
  [["--jobs", "1", "--jobs", "2"], "--jobs is given twice", 'Run "haft demo --help" for its options'],
  [["--force=yes"], "--force takes no value", 'Run "haft demo --help" for its options'],
];

for (const [args, message, next] of wrong) {
  Deno.test(`parseCommandLine() refuses ${JSON.stringify(args)}`, () => {
    const error = assertThrows(() => parseCommandLine(args, command), UsageError);
    assertEquals([error.message, error.next], [message, next]);
  });
}

Deno.test("plainLine() splits a command line without flags as parseCommandLine() does, and no other", () => {
  const plain = [[], ["a"], ["a", "b"], ["1.10", "007", ""], ["a", "--", "-f", "--", "b"], ["--", "a"]];
  for (const stopEarly of [false, true]) {
    for (const args of [...plain, ...(stopEarly ? [["a", "-f", "b"], ["a", "--x", "--", "-f"]] : [])]) {
      const { flags, positional, rest } = plainLine(args, { stopEarly }) ?? { flags: [], positional: 0 };
      assertEquals({ flags: Object.fromEntries(flags), positional, rest }, parsed(args, stopEarly));
    }
    for (
      const args of [["-f"], ["--force", "a"], ["-"], ["-f", "--", "a"], ...(stopEarly ? [] : [["a", "-f"]])]
    ) {
      assertEquals(plainLine(args, { stopEarly }), undefined, args.join(" "));
    }
  }
});
