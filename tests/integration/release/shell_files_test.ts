/** Manual pages and completion files of a release, read by the programs that will read them. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import process from "node:process";
import { writeArchives } from "../../../scripts/release/archives.ts";
import { completionFiles } from "../../../scripts/release/completion_files.ts";
import { manuals } from "../../../scripts/release/manuals.ts";
import { writeNpmPackages } from "../../../scripts/release/npm_packages.ts";
import { targetNamed } from "../../../scripts/support/targets.ts";
import { COMMANDS } from "../../../src/cli/commands.ts";

const pages = await manuals({ version: "1.2.3", date: "2026-01-31" });

function has(program: string): boolean {
  return spawnSync(program, ["-h"]).error === undefined;
}

function run(argv: [string, ...string[]], env: Record<string, string> = {}): string {
  const [program, ...args] = argv;
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: tmpdir(), ...env },
  });
  assertEquals([status, stderr], [0, ""], `${argv.join(" ")}\n${stdout}${stderr}`);
  return stdout;
}

function writtenPages(): string {
  const directory = mkdtempSync(join(tmpdir(), "haft-man-"));
  for (const [name, content] of pages) writeFileSync(join(directory, name), content);
  return directory;
}

Deno.test("manuals() makes a page for haft, each command that is shown, and each verb of a group", () => {
  const shown = COMMANDS.filter(({ hidden }) => hidden !== true).map(({ name }) => `haft-${name}.1`);
  assertEquals(shown.filter((name) => !pages.has(name)), []);
  assert(pages.has("haft.1") && pages.has("haft-app-start.1") && pages.has("haft-ipc-send.1"));
  assert(!pages.has("haft-complete.1"));
});

Deno.test({
  name: "manuals() makes pages that mandoc reads without a warning",
  ignore: !has("mandoc"),
  fn: () => {
    const directory = writtenPages();
    const files = [...pages.keys()].map((name) => join(directory, name));
    assertEquals(run(["mandoc", "-T", "lint", "-W", "warning", ...files]), "");
    // Bold on a terminal is a letter, a backspace, and the letter again.
    const overstruck = new RegExp(`.${String.fromCharCode(8)}`, "g");
    const text = run(["mandoc", "-T", "ascii", join(directory, "haft-sync.1")]).replaceAll(overstruck, "");
    assertStringIncludes(text, "haft-sync - install every tool of the project");
    assertStringIncludes(text, "--stall-timeout SECONDS");
    assertStringIncludes(text, "haft sync --locked --jobs 4");
  },
});

Deno.test({
  name: "manuals() makes pages that groff reads without a warning",
  ignore: !has("groff"),
  fn: () => {
    const directory = writtenPages();
    for (const name of ["haft.1", "haft-app.1", "haft-exec.1"]) {
      run(["groff", "-man", "-Tutf8", "-ww", "-z", join(directory, name)]);
    }
  },
});

const COMPLETE = `#!/bin/sh\nprintf 'start\\tStart apps\\nstatus\\tShow apps\\n'\n`;

/** A directory of completions, and one with a `haft` that answers them. */
function completionDirectory(): { directory: string; path: string } {
  const directory = mkdtempSync(join(tmpdir(), "haft-completions-"));
  for (const { path, content } of completionFiles()) writeFileSync(join(directory, basename(path)), content);
  const bin = mkdtempSync(join(tmpdir(), "haft-bin-"));
  writeFileSync(join(bin, "haft"), COMPLETE);
  chmodSync(join(bin, "haft"), 0o755);
  return { directory, path: `${bin}${delimiter}${process.env["PATH"]}` };
}

const LINES: [shell: string, line: (directory: string) => string][] = [
  [
    "bash",
    (directory) =>
      `. ${directory}/haft.bash; COMP_WORDS=(haft app sta); COMP_CWORD=2; _haft; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  [
    "zsh",
    // The way of compinit: the function is loaded from fpath when it is first called.
    (directory) =>
      `compdef() { print compdef; }; _describe() { print -rl -- "\${candidates[@]%%:*}"; }
fpath=(${directory} $fpath); autoload -Uz _haft; words=(haft app sta); CURRENT=3; _haft`,
  ],
  ["fish", (directory) => `set fish_complete_path ${directory}; complete -C "haft app sta" | cut -f1`],
];

for (const [shell, line] of LINES) {
  Deno.test({
    name: `completionFiles() has a file that ${shell} loads from its directory, and completes by at once`,
    ignore: process.platform === "win32" || !has(shell),
    fn: () => {
      const { directory, path } = completionDirectory();
      assertEquals(run([shell, "-c", line(directory)], { PATH: path }), "start\nstatus\n");
    },
  });
}

Deno.test("archives and the npm package carry manual pages and completions", async () => {
  const outDir = mkdtempSync(join(tmpdir(), "haft-packages-"));
  const binaries = [{ target: targetNamed("linux-x64"), path: join(outDir, "haft") }];
  writeFileSync(join(outDir, "haft"), "#!/bin/sh\n");
  const completions = completionFiles();
  const files = [...pages].map(([name, content]) => ({ path: `man/man1/${name}`, content }));
  const [archive = ""] = await writeArchives({
    version: "1.2.3",
    binaries,
    extras: completions,
    manuals: files,
    xz: false,
    outDir,
  });
  const names = run(["tar", "-tzf", archive]).split("\n");
  for (const name of ["man/man1/haft-sync.1", "completions/_haft", "completions/haft.fish"]) {
    assert(names.includes(`haft-1.2.3-linux-x64/${name}`), name);
  }
  const written = await writeNpmPackages({
    version: "1.2.3",
    binaries,
    targets: [targetNamed("linux-x64")],
    manuals: pages,
    completions,
    outDir,
  });
  const main = written.find((path) => basename(path) === "haft-1.2.3.tgz") ?? "";
  run(["tar", "-xzf", main, "-C", outDir]);
  const manifest = JSON.parse(readFileSync(join(outDir, "package", "package.json"), "utf8"));
  assert(manifest.man.includes("./man/haft-sync.1"));
  for (const page of manifest.man) {
    assert(readFileSync(join(outDir, "package", page), "utf8").startsWith(".TH HAFT"));
  }
  assert(readFileSync(join(outDir, "package", "completions", "haft.bash"), "utf8").includes("complete -F"));
});
