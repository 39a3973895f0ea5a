import { assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { type Shell, shellLines } from "../../../src/cli/shell.ts";

const VALUES = [
  "plain",
  "two words",
  "it's",
  'a "quote"',
  "back\\slash\\",
  "$HOME $(id) `id`",
  "line\nbreak",
  "-n",
  "",
  "ünï ✓",
  "a;b&c|d>e",
  "*?[x]",
];

const SHELLS: [shell: Shell, argv: string[]][] = [["bash", ["bash", "-c"]], ["zsh", ["zsh", "-c"]], ["fish", [
  "fish",
  "-c",
]]];

for (const [shell, [program = "", flag = ""]] of SHELLS) {
  const missing = spawnSync(program, [flag, "true"]).error !== undefined;
  Deno.test({
    name: `shellLines() of ${shell} give back every value as it was, when the real ${shell} evaluates them`,
    // bash is always there; the others where they are installed.
    ignore: missing && shell !== "bash",
    fn() {
      for (const value of VALUES) {
        const script = `${
          shellLines(shell, { set: { V: value }, unset: ["GONE"] })
        }printf '[%s]%s' "$V" "$GONE"`;
        const { stdout, stderr } = spawnSync(program, [flag, script], {
          encoding: "utf8",
          env: { GONE: "still here" },
        });
        assertEquals([stdout, stderr], [`[${value}]`, ""], value);
      }
    },
  });
}

Deno.test("shellLines() of PowerShell double the quote and nothing else", () => {
  assertEquals(
    shellLines("powershell", { set: { V: "it's $HOME" }, unset: ["GONE"] }),
    "$env:V = 'it''s $HOME'\nRemove-Item Env:GONE -ErrorAction SilentlyContinue\n",
  );
});

Deno.test("shellLines() of fish set PATH as a list", () => {
  assertEquals(shellLines("fish", { set: { PATH: "/a b:/c" }, unset: [] }), "set -gx PATH '/a b' '/c'\n");
});
