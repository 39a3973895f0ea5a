import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../src/base/errors.ts";
import { commandWords } from "../../../src/process/command_line.ts";

/** The text that a shell gets for the words. */
function textFor(command: string, ...args: string[]): string | undefined {
  return commandWords(command, { args, shell: ["sh", "-c"], scripts: "/none", name: "t" }).words[2];
}

const APPENDED = [
  "echo",
  "awk '{print $1}'",
  'f() { echo "f:$1"; }; f',
  "f () ( echo $2 )\nf",
  "function f { echo $1; }; f",
  "f() { if true; then { echo $1; }; fi; }; f",
  "echo $(date)",
  "find . -exec ls {} \\;",
  "diff <(sort a)",
  "cat < file",
  "make 2>&1",
  "X=1 make",
  "echo fi",
  "ls !(x)",
  "test -f x && cat",
  'echo "(a)"',
  "echo [ a ]",
];
const REFUSED = [
  "(cd web; make)",
  "(make) 2>&1",
  "{ make; } > out",
  "[[ -f x ]]",
  "[ -f x ]",
  "true && [ -f x ]",
  "while read x; do echo $x; done < file",
  'for x in a b; do echo; done < "a file" 2>/dev/null',
  "X=1",
  'X="a b" Y=$(date)',
  "a=(1 2)",
  "f() { echo; }",
  "if true; then echo; fi >out",
  "case a in a) echo;; esac",
  "echo;",
  "sleep 1 &",
  "a ||",
  "((i++))",
];

Deno.test("words follow the last command of a text, also when a function in it has words of its own", () => {
  for (const text of APPENDED) {
    const body = text.includes("\n") ? `set -e\n${text}` : text;
    assertEquals(textFor(text, "w"), `${body} "$@"`, text);
  }
});

Deno.test("words are refused where the last command takes none", () => {
  for (const text of REFUSED) {
    assertThrows(
      () => textFor(text, "w"),
      UsageError,
      'The text of "t" ends with what takes no words: w',
      text,
    );
    textFor(text);
  }
});

Deno.test("a text takes as many words as its highest $N, and all where it reads all", () => {
  assertEquals(textFor("echo $1 ${2}", "a", "b"), "echo $1 ${2}");
  assertThrows(
    () => textFor("echo $1 ${2}", "a", "b", "c", "d"),
    UsageError,
    "takes 2 words; c d have no place",
  );
  assertThrows(
    () => textFor('f() { echo $3; }; f "$1"', "a", "b"),
    UsageError,
    "takes one word; b has no place",
  );
  const all = [
    'echo $1; shift; echo "$1"',
    'echo "${@:2}"',
    "for x; do echo $x; done",
    "for x do echo; done",
  ];
  for (const text of [...all, "while getopts a o; do echo; done", "cat <<E\n$*\nE", "echo $# $1"]) {
    textFor(text, "a", "b", "c");
  }
});
