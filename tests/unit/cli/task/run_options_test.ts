import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../../src/base/errors.ts";
import { parseRun } from "../../../../src/cli/task/run_options.ts";

const parse = (positional: string[], rest: string[] = []) => parseRun({ flags: new Map(), positional, rest });

Deno.test("parseRun() takes haft's flags before and after the names, and leaves the others to the task", () => {
  const options = parse(["deploy", "--env", "prod", "-k", "--output", "grouped", "-j", "3", "--user=x"], [
    "-v",
  ]);
  assertEquals([options.words, options.rest], [["deploy", "--env", "prod", "--user=x"], ["-v"]]);
  assertEquals([options.keepGoing, options.output, options.jobs, options.verbose], [
    true,
    "grouped",
    3,
    false,
  ]);
});

Deno.test("parseRun() asks for help of a task, and refuses a mode that there is not", () => {
  assertEquals(parse(["deploy", "--help"]).help, true);
  assertThrows(() => parse(["a", "--output=loud"]), UsageError, "prefixed, grouped, quiet, raw");
});
