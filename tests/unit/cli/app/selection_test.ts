import { assertEquals, assertThrows } from "@std/assert";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../../../../src/base/errors.ts";
import { parseAppOptions } from "../../../../src/cli/app/app_options.ts";
import { projectSelection, selectionOf } from "../../../../src/cli/app/selection.ts";
import { command as start } from "../../../../src/cli/app/start.ts";
import { fakeContext } from "../support.ts";

const parsed = (positional: string[], rest: string[] = []) => ({
  flags: new Map<string, string | true>([["json", true], ["socket", "/s"]]),
  positional,
  rest,
});

Deno.test("parseAppOptions() reads names and flags, and refuses a command", () => {
  const given = { everyProject: false, json: true, socket: "/s" };
  assertEquals(parseAppOptions(parsed(["a", "b"])), { names: ["a", "b"], ...given });
  assertThrows(() => parseAppOptions(parsed(["all", "a"])), UsageError, '"all" stands alone');
  const error = assertThrows(() => parseAppOptions(parsed(["a"], ["x"])), UsageError, "takes a command");
  assertEquals(error.next, 'Write "haft app start NAME -- COMMAND…"');
});

Deno.test("selectionOf() means the project's apps, with all too, and without a project those of every one", () => {
  const cwd = realpathSync(mkdtempSync(join(tmpdir(), "haft-selection-")));
  try {
    const context = fakeContext({ cwd });
    const named = (...names: string[]) => ({ names, everyProject: false });
    assertEquals(selectionOf(named("all"), context), { names: [] });
    writeFileSync(join(cwd, "haft.toml"), "");
    assertEquals(selectionOf(named(), context), { root: cwd, names: [] });
    assertEquals(selectionOf(named("a"), context), { root: cwd, names: ["a"] });
    assertEquals(selectionOf(named("all"), context), { root: cwd, names: [] });
    assertEquals(selectionOf({ names: [], everyProject: true }, context), { names: [] });
    assertEquals(projectSelection(["all"], context), { root: cwd, names: [] });
  } finally {
    rmSync(cwd, { recursive: true });
  }
});

Deno.test("app start: parse() takes a command for one name only, and never all", () => {
  assertEquals(start.parse(parsed(["t"], ["ssh", "-N"])), {
    names: ["t"],
    everyProject: false,
    command: ["ssh", "-N"],
    json: true,
    socket: "/s",
  });
  for (const names of [[], ["a", "b"]]) {
    assertThrows(() => start.parse(parsed(names, ["x"])), UsageError, "one name");
  }
  assertThrows(() => start.parse(parsed(["all"])), UsageError, '"all" cannot be started');
});
