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
  assertEquals(parseAppOptions(parsed(["a", "b"])), { names: ["a", "b"], json: true, socket: "/s" });
  const error = assertThrows(() => parseAppOptions(parsed(["a"], ["x"])), UsageError, "takes a command");
  assertEquals(error.next, 'Write "haft app start NAME -- COMMAND…"');
});

Deno.test("selectionOf() means the project's apps, and with all those of every project", () => {
  const cwd = realpathSync(mkdtempSync(join(tmpdir(), "haft-selection-")));
  try {
    writeFileSync(join(cwd, "haft.toml"), "");
    const context = fakeContext({ cwd });
    assertEquals(selectionOf([], context), { root: cwd, names: [] });
    assertEquals(selectionOf(["a"], context), { root: cwd, names: ["a"] });
    assertEquals(selectionOf(["all"], context), { names: [] });
    assertEquals(projectSelection(["all"], context), { root: cwd, names: [] });
    assertThrows(() => selectionOf(["all", "a"], context), UsageError, '"all" stands alone');
  } finally {
    rmSync(cwd, { recursive: true });
  }
});

Deno.test("app start: parse() takes a command for one name only, and never all", () => {
  assertEquals(start.parse(parsed(["t"], ["ssh", "-N"])), {
    names: ["t"],
    command: ["ssh", "-N"],
    json: true,
    socket: "/s",
  });
  for (const names of [[], ["a", "b"]]) {
    assertThrows(() => start.parse(parsed(names, ["x"])), UsageError, "one name");
  }
  assertThrows(() => start.parse(parsed(["all"])), UsageError, '"all" cannot be started');
});
