import { assertEquals, assertThrows } from "@std/assert";
import { existsSync, mkdtempSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../../../src/base/errors.ts";
import { argumentVariable, commandWords } from "../../../src/process/command_line.ts";

const scripts = mkdtempSync(join(tmpdir(), "haft-shell-text-"));
const SHELLS = ["sh", "bash", "dash", "zsh"].filter((one) =>
  existsSync(`/bin/${one}`) || existsSync(`/usr/bin/${one}`)
);
const HARD = [
  "$(echo bad)",
  "`id`",
  'a"b',
  "it's",
  "\\",
  "a\\'b\"",
  "x\ny",
  "  two  ",
  "$HOME",
  "*",
  "",
  "';id;'",
  "-n{{msg}}",
];
const CONTEXTS = [
  "printf %s {{msg}}",
  'printf %s "{{msg}}"',
  "printf %s '{{msg}}'",
  'printf %s "$(printf %s {{msg}})"',
  'printf %s "$(printf %s "{{msg}}")"',
  'printf %s "`printf %s {{msg}}`"',
  'printf %s "${nothing:-{{msg}}}"',
  'case 1 in 1) printf %s "{{msg}}";; esac # {{msg}}',
  "f() { printf %s {{args}}; }; f",
  "printf %s '{{args}}'",
  'printf %s "{{args}}"',
];

function run(
  command: string | string[],
  { shell, args, msg }: { shell: string; args: string[]; msg: string },
) {
  const values = { msg };
  const { words: [file = "", ...rest] } = commandWords(command, {
    args,
    values,
    shell: [shell, "-c"],
    scripts,
  });
  const env = { PATH: "/usr/bin:/bin", [argumentVariable("msg")]: msg };
  const { stdout, stderr } = spawnSync(file, rest, { env, encoding: "utf8" });
  return stdout + stderr;
}

Deno.test("a word in the text of a shell is data, whatever quotes are around its place", () => {
  for (const shell of SHELLS) {
    for (const text of CONTEXTS) {
      for (const word of HARD) {
        // What a shell prints in a substitution loses newlines at its end, and none of these has any.
        const args = text.includes("{{args}}") ? [word] : [];
        assertEquals(run(text, { shell, args, msg: word }), word, `${shell}: ${text}`);
      }
    }
    assertEquals(
      run("cat <<EOF\n<{{msg}}>\nEOF", { shell, args: [], msg: "$(id)\nEOF\n`id`" }),
      "<$(id)\nEOF\n`id`>\n",
    );
  }
  assertEquals(run(["sh", "-c", "printf %s {{msg}}"], { shell: "sh", args: [], msg: "$(id)" }), "$(id)");
  assertEquals(
    run("#!/bin/sh\nprintf %s '{{msg}}' {{args}}", { shell: "sh", args: ["`id`"], msg: "'" }),
    "'`id`",
  );
});

Deno.test("a value that would be code is refused, with the variable to read", () => {
  const given = { shell: "sh", args: [], msg: "$(id)" };
  for (
    const text of ["#!/usr/bin/env python3\nprint('{{msg}}')", "echo $(({{msg}}))", "cat <<'E'\n{{msg}}\nE"]
  ) {
    const error = assertThrows(() => run(text, given), UsageError);
    assertEquals(error.next?.includes("HAFT_ARG_MSG"), true, error.next);
  }
});

Deno.test("words go where the text says, else to its last command, and are never lost", () => {
  const given = { shell: "sh", args: ["a b"], msg: "" };
  assertEquals(run("printf '<%s>$1' ", given), "<a b>$1");
  assertEquals(run('sh -c "echo \\$1" --', given), "a b\n");
  assertEquals(run('echo "got: $1"', given), "got: a b\n");
  for (
    const text of ["echo a # note", "cat <<E\nx\nE", "echo a;", "sleep 0 &", "if :; then :; fi", "# note"]
  ) {
    assertThrows(() => run(text, given), UsageError, "what takes no words");
  }
});
