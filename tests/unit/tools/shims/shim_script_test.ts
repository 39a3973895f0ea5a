import { assertEquals, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { activationLine } from "../../../../src/cli/activate.ts";
import { isShimEntry, shimEntry } from "../../../../src/tools/shims/shim_entry.ts";
import { SHIM_MARK } from "../../../../src/tools/shim_mark.ts";
import { cmdShim, shShim } from "../../../../src/tools/shims/shim_script.ts";

const options = { haft: ["/opt/it's/haft"], cache: "/c a/shims", env: { HOME: "/home/o'neil" } };

Deno.test("shShim() quotes every path, knows the environment it was written in, and ends in haft exec", () => {
  const text = shShim("esbuild", options);
  assertStringIncludes(text, `haft_entry='/c a/shims'"$PWD"/'.haft-run-esbuild'\n`);
  assertStringIncludes(text, `= ':::::/home/o'\\''neil:' ]`);
  assertStringIncludes(text, `exec '/opt/it'\\''s/haft' 'exec' '--shim' 'esbuild' '--' "$@"\n`);
  assertEquals(text.endsWith('haft_ask "$@"\n}\n'), true);
  assertEquals(text.split("\n")[0], "#!/bin/sh");
});

Deno.test("cmdShim() is a line for cmd.exe that hands every argument on, with percent signs of the path escaped", () => {
  const [mark, line] = cmdShim("esbuild", { haft: ["C:\\Program Files\\100%\\haft.exe"] }).split("\r\n");
  assertEquals(mark?.startsWith(`@rem ${SHIM_MARK}`), true);
  assertEquals(line, `@"C:\\Program Files\\100%%\\haft.exe" exec --shim "esbuild" -- %*`);
});

Deno.test("shimEntry() checks before it runs: links in the path, what was absent, what has a stamp, what is in the store", () => {
  const text = shimEntry({
    command: { file: "/s/x", path: ["/s/1", "/s/it's"], defaults: { X_HOME: "/s" } },
    cwd: "/a/b",
    absent: ["/h/.tool-versions"],
    lacking: [{ directory: "/", names: ["haft.toml"] }, { directory: "/a/b", names: [".nvmrc", "it's"] }],
    stamped: ["/a/b/haft.toml"],
    store: ["/s", "/s/x/1"],
  });
  const unlike = (file: string, mark: string) =>
    `{ [ ${file} -nt ${mark} ] || [ ${file} -ot ${mark} ] || ! [ -e ${mark} ]; }`;
  assertEquals(text.split("\n"), [
    "haft_run() {",
    `haft_new0() { for haft_name in 'haft.toml'; do [ -e "$1$haft_name" ] && return 0; done; return 1; }`,
    `haft_new1() { for haft_name in '.nvmrc' 'it'\\''s'; do [ -e "$1$haft_name" ] && return 0; done; return 1; }`,
    "[ -h '/a/b' ] && return 0",
    `${unlike("'/'", '"$haft_entry.0"')} && { [ -h '/a' ] || haft_new0 '/'; } && return 0`,
    `${unlike("'/a/b'", '"$haft_entry.1"')} && { haft_new1 '/a/b/'; } && return 0`,
    "[ -e '/h/.tool-versions' ] && return 0",
    `[ -e '/a/b/haft.toml' ] && [ -e "$haft_entry.2" ] && ! [ '/a/b/haft.toml' -nt "$haft_entry.2" ] && ` +
    `! [ '/a/b/haft.toml' -ot "$haft_entry.2" ] || return 0`,
    `! [ '/s' -nt "$haft_entry" ] || return 0`,
    `[ -e '/s/x/1' ] && ! [ '/s/x/1' -nt "$haft_entry" ] || return 0`,
    "[ -x '/s/x' ] || return 0",
    "unset haft_entry haft_name",
    `[ "\${X_HOME+set}" ] || export X_HOME='/s'`,
    `set -- '/s' "$@"`,
    'haft_path="$1/1:$1/it\'s"',
    "shift",
    `case "$PATH" in '/s/1':*) ;; *) false ;; esac && case "$PATH" in "$haft_path":*) ;; *) false ;; esac ` +
    `|| export PATH="$haft_path\${PATH:+:$PATH}"`,
    "unset haft_path",
    `exec '/s/x' "$@"`,
    "}",
    'haft_run "$@"',
    "",
  ]);
  assertEquals(isShimEntry(text), true);
  for (let length = 0; length < text.length; length++) {
    assertEquals(isShimEntry(text.slice(0, length)), false);
  }
});

for (const shell of ["dash", "bash", "busybox"]) {
  Deno.test({
    name:
      `a shim whose entry was cut short anywhere, or is something else, runs none of it and asks haft (${shell})`,
    ignore: !["/usr/bin", "/bin"].some((directory) => existsSync(`${directory}/${shell}`)),
    fn: () => {
      const cache = Deno.makeTempDirSync();
      const haft = join(cache, "haft");
      writeFileSync(haft, "#!/bin/sh\necho asked\n", { mode: 0o755 });
      const shim = join(cache, "shim");
      const text = shShim("tool", { haft: [haft], cache, env: { HOME: "/h" } });
      writeFileSync(shim, text);
      const entry = join(cache, cache, ".haft-run-tool");
      mkdirSync(dirname(entry), { recursive: true });
      const command = { file: "/bin/echo", path: ["/s"], defaults: { X: "1" } };
      const whole = shimEntry({
        command,
        cwd: "/",
        absent: ["/nothing"],
        lacking: [],
        stamped: [],
        store: [],
      });
      const run = () =>
        spawnSync(shell, [...(shell === "busybox" ? ["sh"] : []), shim, "ran"], {
          cwd: cache,
          env: { HOME: "/h", PWD: cache, PATH: "/usr/bin:/bin" },
          encoding: "utf8",
        }).stdout;
      writeFileSync(entry, whole);
      assertEquals(run(), "ran\n");
      const lengths = Array.from({ length: 20 }, (_, index) => Math.floor(index * (whole.length - 2) / 20));
      for (
        const text of [...lengths.map((length) => whole.slice(0, length)), "null", "\0\x8f\xe2$(zz", "}{"]
      ) {
        writeFileSync(entry, text);
        assertEquals(run(), "asked\n", JSON.stringify(text));
      }
      for (let part = 1; part < 20; part++) {
        writeFileSync(shim, text.slice(0, Math.floor(part * (text.length - 2) / 20)));
        assertEquals(run(), "", "a part of the shim ran");
      }
      Deno.removeSync(cache, { recursive: true });
    },
  });
}

for (const shell of ["dash", "bash", "busybox"]) {
  Deno.test({
    name: `shimEntry() puts the tools first on PATH, once, whatever their directories are called (${shell})`,
    ignore: !["/usr/bin", "/bin"].some((directory) => existsSync(`${directory}/${shell}`)),
    fn: () => {
      const entry = Deno.makeTempFileSync();
      const run = (path: string[], PATH?: string) => {
        const command = { file: "/bin/sh", path, defaults: {} };
        const nothing = { absent: [], lacking: [], stamped: [], store: [] };
        writeFileSync(entry, shimEntry({ command, cwd: "/", ...nothing }));
        const script = '. "$0"';
        const args = ["-c", script, entry, "-c", 'printf %s "$PATH"'];
        return spawnSync(`/bin/${shell}`, [...(shell === "busybox" ? ["sh"] : []), ...args], {
          env: PATH === undefined ? {} : { PATH },
          encoding: "utf8",
        }).stdout;
      };
      const lists = [
        ["/s"],
        ["/a", "/b/c"],
        ["/a/b/leads/1", "/a/b/store/1/bin", "/a/b/store/2/bin"],
        ["/a b/it's/$HOME", "/a b/it's/`x`", "/a b/it's/\"\\", "/a b/it's/*é𝒳"],
        ["/a/é𝒳1", "/a/é𝒴"],
      ];
      for (const path of lists) {
        const all = path.join(":");
        assertEquals(run(path, "/usr/bin:/bin"), `${all}:/usr/bin:/bin`);
        assertEquals(run(path, ""), all);
        assertEquals(run(path, `${all}:/bin`), `${all}:/bin`, "they are there already");
        if (path.length > 1) {
          assertEquals(run(path, `${path[0]}:/bin`), `${all}:${path[0]}:/bin`, "the first");
        }
        assertEquals(run(path, `${path[0]}0:/bin`), `${all}:${path[0]}0:/bin`);
      }
      Deno.removeSync(entry);
    },
  });
}

for (const shell of ["bash", "zsh", "fish"] as const) {
  Deno.test({
    name:
      `activationLine() puts the directory first in ${shell}, wherever it was, and as often as it is sourced`,
    ignore: spawnSync(shell, ["-c", "true"]).status !== 0,
    fn: () => {
      const directory = "/o'neil [x]*/shims";
      const line = activationLine(shell, directory);
      for (
        const PATH of ["/usr/bin:/bin", `/usr/bin:${directory}:/bin`, `/usr/bin:/bin:${directory}`, directory]
      ) {
        const { stdout } = spawnSync(shell, ["-c", `${line}${line}printenv PATH`], {
          encoding: "utf8",
          env: { PATH: `${PATH}:/usr/bin` },
        });
        const rest = `${PATH}:/usr/bin`.split(":").filter((part) => part !== directory);
        assertEquals(stdout, `${[directory, ...rest].join(":")}\n`);
      }
    },
  });
}

Deno.test("activationLine() quotes the directory for PowerShell", () => {
  assertEquals(
    activationLine("powershell", "C:\\o'neil\\shims"),
    `$env:PATH = (@('C:\\o''neil\\shims') + @($env:PATH -split [IO.Path]::PathSeparator | ` +
      `Where-Object { $_ -ne 'C:\\o''neil\\shims' })) -join [IO.Path]::PathSeparator\n`,
  );
});
