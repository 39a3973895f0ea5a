import { assertEquals, assertMatch } from "@std/assert";
import { spawnSync } from "node:child_process";
import { type CommandLine, commandWords } from "../../../src/process/command_line.ts";

const scripts = Deno.makeTempDirSync({ prefix: "haft-scripts-" });

interface Row {
  what: string;
  command: CommandLine;
  args?: string[];
  shell?: string[];
  /** What it prints when it runs. */
  prints: string;
  code?: number;
}

const rows: Row[] = [
  {
    what: "a list is words, and nothing is expanded",
    command: ["echo", "$HOME", "a;b", "*"],
    prints: "$HOME a;b *\n",
  },
  { what: "a; b", command: "echo a; echo b", prints: "a\nb\n" },
  { what: "a&&b", command: "false&&echo b", prints: "", code: 1 },
  { what: "a pipe", command: "printf 'b\\na\\n'|sort", prints: "a\nb\n" },
  { what: "2>/dev/null", command: "ls /nowhere-at-all 2>/dev/null; echo $?", prints: "2\n" },
  { what: "$(…) and ${X:-3}", command: "echo $(echo in) ${NOT_SET_AT_ALL:-3}", prints: "in 3\n" },
  { what: "NAME=value command", command: "GREETING=hi sh -c 'echo $GREETING'", prints: "hi\n" },
  {
    what: "several lines stop at the first failure",
    command: "\necho a\nfalse\necho b\n",
    prints: "a\n",
    code: 1,
  },
  { what: "several lines share variables", command: "X=1\necho $X", prints: "1\n" },
  { what: "another shell", command: "echo ${BASH_VERSION:+bash}", shell: ["bash", "-c"], prints: "bash\n" },
  {
    what: "#! picks the interpreter",
    command: "#!/usr/bin/env python3\nimport sys\nprint(sys.argv[1:])",
    args: ["a b"],
    prints: "['a b']\n",
  },
  { what: "#! with an argument", command: "#!/bin/sh -e\nfalse\necho no", prints: "", code: 1 },
  {
    what: "arguments go to the end",
    command: "echo x",
    args: ["b c", "$HOME", "'"],
    prints: "x b c $HOME '\n",
  },
  {
    what: "$@ places them",
    command: 'for a in "$@"; do echo "<$a>"; done',
    args: ["b c", "d"],
    prints: "<b c>\n<d>\n",
  },
  { what: "$1 places them", command: "echo ${1} and $2", args: ["b", "c"], prints: "b and c\n" },
  {
    what: "{{args}} places them, quoted",
    command: "echo before {{args}} after",
    args: ["b  c", "it's"],
    prints: "before b  c it's after\n",
  },
  { what: "{{args}} in a list", command: ["echo", "{{args}}", "end"], args: ["b", "c"], prints: "b c end\n" },
  { what: "a list gets them at its end", command: ["echo", "x"], args: ["y z"], prints: "x y z\n" },
];
for (const { what, command, args = [], shell, prints, code = 0 } of rows) {
  Deno.test(`commandWords() runs as it should: ${what}`, () => {
    const { words: [file = "", ...rest] } = commandWords(command, { args, shell, scripts });
    const { stdout, status, stderr } = spawnSync(file, rest, { encoding: "utf8" });
    assertEquals([stdout, status], [prints, code], stderr);
  });
}

Deno.test("commandWords() on Windows: cmd runs a text, lines are joined by &&, and arguments are quoted for it", () => {
  const windows = (command: CommandLine, args: string[] = []) =>
    commandWords(command, { args, scripts }, "win32");
  assertEquals(windows("dir /b\necho done", ["a b"]), {
    words: ["cmd.exe", "/d", "/s", "/c", '"dir /b && echo done "a b""'],
    verbatim: true,
  });
  assertEquals(windows(["node", "x.js"]), { words: ["node", "x.js"], verbatim: false });
  const { words: [program, script] } = windows("#!/usr/bin/env python3\nprint(1)");
  assertEquals(program, "python3");
  assertMatch(script ?? "", /[0-9a-f]{32}$/);
});

Deno.test("commandWords() in PowerShell: a script of several lines stops at the first error", () => {
  const { words } = commandWords("a\nb", { args: ["it's"], shell: ["pwsh", "-Command"], scripts });
  assertEquals(words, ["pwsh", "-Command", "$ErrorActionPreference = 'Stop'\na\nb 'it''s'"]);
});
