import { assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { completionScript } from "../../../../src/cli/completion/scripts.ts";

/** A haft that answers what it was asked, for one set of words; files for `open`. */
const FAKE_HAFT = `#!/bin/sh
shift 2
case "$*" in
  "open "*) echo :files ;;
  "") printf 'app\\tStart: watch [and] stop\\nsync\\tInstall\\n' ;;
  "x npm:pre") printf 'npm:prettier\\tnot installed\\n' ;;
  "ipc-send --wire=n") printf -- '--wire=ndjson\\t\\n' ;;
  *) for word; do printf 'asked-%s\\t\\n' "$word"; done ;;
esac
`;

function inFolder(test: (folder: string, env: Record<string, string>) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "haft-completion-"));
  try {
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "bin", "haft"), FAKE_HAFT);
    chmodSync(join(folder, "bin", "haft"), 0o755);
    writeFileSync(join(folder, "two words.txt"), "");
    test(folder, { PATH: `${join(folder, "bin")}:/usr/bin:/bin`, HOME: folder });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

Deno.test("completionScript() of bash asks haft, keeps words with : and = whole, and completes files", () => {
  inFolder((cwd, env) => {
    const complete = (words: string[]) => {
      const line = `${completionScript("bash")}
COMP_WORDS=(haft ${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length}
_haft; printf '%s\n' "\${COMPREPLY[@]}"`;
      return spawnSync("bash", ["-c", line], { encoding: "utf8", cwd, env }).stdout.trim().split("\n");
    };
    assertEquals(complete([""]), ["app", "sync"]);
    assertEquals(complete(["app", "s"]), ["asked-app", "asked-s"]);
    assertEquals(complete(["x", "npm", ":", "pre"]), ["prettier"]);
    assertEquals(complete(["ipc-send", "--wire", "=", "n"]), ["ndjson"]);
    assertEquals(complete(["open", "two"]), ["two words.txt"]);
  });
});

Deno.test({
  name: "completionScript() of fish asks haft, and shows descriptions",
  ignore: spawnSync("fish", ["-c", "true"]).error !== undefined,
  fn() {
    inFolder((cwd, env) => {
      const complete = (line: string) => {
        const script = `${completionScript("fish")}\ncomplete -C '${line}'`;
        return spawnSync("fish", ["-c", script], { encoding: "utf8", cwd, env }).stdout.trim().split("\n");
      };
      assertEquals(complete("haft "), ["app\tStart: watch [and] stop", "sync\tInstall"]);
      assertEquals(complete("haft asked app as"), ["asked-app", "asked-as", "asked-asked"]);
      assertEquals(complete("haft open two"), ["two words.txt"]);
    });
  },
});

Deno.test({
  name: "completionScript() of zsh asks haft, with descriptions that hold colons",
  ignore: spawnSync("zsh", ["-c", "true"]).error !== undefined,
  fn() {
    inFolder((cwd, env) => {
      const complete = (words: string[]) => {
        // The completion system needs a line editor; what the function hands to it is looked at here.
        const script = `compdef() { :; }; _files() { print files; }
_describe() { print -rl -- "\${candidates[@]}"; }
${completionScript("zsh")}
words=(haft ${words.map((word) => `'${word}'`).join(" ")}); CURRENT=${words.length + 1}; _haft`;
        return spawnSync("zsh", ["-fc", script], { encoding: "utf8", cwd, env }).stdout.trim().split("\n");
      };
      assertEquals(complete([""]), ["app:Start: watch [and] stop", "sync:Install"]);
      assertEquals(complete(["x", "npm:pre"]), ["npm\\:prettier:not installed"]);
      assertEquals(complete(["open", "two"]), ["files"]);
    });
  },
});
