import { assertEquals } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import settings from "../../../deno.json" with { type: "json" };
import { npmPlatform } from "../../../scripts/release/npm_platforms.ts";
import { projectRoot } from "../../../scripts/support/project.ts";
import { targets } from "../../../scripts/support/targets.ts";
import { ExitCode } from "../../../src/base/exit_code.ts";
import { PROTOCOL_RANGE } from "../../../src/protocol/protocol_range.ts";
import { LOCK_VERSION } from "../../../src/tools/locked_tool.ts";

const page = readFileSync(join(projectRoot, "docs", "stability.md"), "utf8");

/** The words in backquotes of the table's row that begins with `name`. */
function quoted(name: string): string[] {
  const row = page.split("\n").find((line) => line.startsWith(`| ${name} `)) ?? "";
  return [...row.matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word);
}

Deno.test("stability.md promises the npm package of each platform that is built", () => {
  assertEquals(quoted("npm, executables").sort(), targets.map((target) => npmPlatform(target).name).sort());
});

Deno.test("stability.md promises every entry of the TypeScript package", () => {
  const [name, ...entries] = quoted("npm, for TypeScript");
  assertEquals([name, entries.map((entry) => `./${entry}`)], [settings.name, Object.keys(settings.exports)]);
});

Deno.test("stability.md and README.md list the exit codes that haft has", () => {
  for (const text of [page, readFileSync(join(projectRoot, "README.md"), "utf8")]) {
    const codes = [...text.matchAll(/^\| (\d+) +\|/gm)].map(([, code]) => Number(code));
    assertEquals(codes, Object.values(ExitCode));
  }
});

Deno.test("stability.md names the protocol and the lock file's format of this haft", () => {
  const [oldest, newest] = PROTOCOL_RANGE;
  assertEquals([...page.matchAll(/protocol \*\*(\d+)\*\*/g)].map(([, version]) => Number(version)), [newest]);
  assertEquals(oldest, newest);
  assertEquals(/haft\.lock\*\* has `version = (\d+)`/.exec(page)?.[1], String(LOCK_VERSION));
});

/** What the source calls HAFT_…, but is haft's own: marks, the shells' hook, and what a build defines. */
const OWN =
  /^HAFT_(APP_ID|APP_JOURNAL|ENV_APPLIED|FAILPOINT|HOOKED|OLD_\w*|RELEASE_KEY|RELEASES_URL|SHIM_DEPTH|TEST_BUILD|VERSION)$/;

Deno.test("stability.md lists the variables that haft reads and sets, and no others", () => {
  const [, after = ""] = page.split("\n## Variables\n");
  const rows = after.split("\n## ")[0]?.split("\n").filter((line) => line.startsWith("| `")) ?? [];
  const listed = rows.flatMap((row) => row.split("|")[1]?.match(/HAFT_\w+/g) ?? []);
  const files = readdirSync(join(projectRoot, "src"), { recursive: true, encoding: "utf8" });
  const found = files.filter((file) => file.endsWith(".ts")).flatMap((file) =>
    readFileSync(join(projectRoot, "src", file), "utf8").match(/\bHAFT_[A-Z_]*[A-Z]\b/g) ?? []
  );
  assertEquals(listed.sort(), [...new Set(found)].filter((name) => !OWN.test(name)).sort());
});
