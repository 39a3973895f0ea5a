import { assertEquals } from "@std/assert";
import type { CommandEntry } from "../../../../src/cli/command.ts";
import { COMMANDS } from "../../../../src/cli/commands.ts";
import { completionsOf } from "../../../../src/cli/completion/candidates.ts";
import { isGroup } from "../../../../src/cli/command_entry.ts";
import { fakeContext } from "../support.ts";

async function words(...line: string[]): Promise<string[] | "files"> {
  const found = await completionsOf(line, { commands: COMMANDS, context: fakeContext() });
  return found === "files" ? found : found.map(({ word }) => word);
}

Deno.test("completionsOf() completes commands, aliases and verbs, and no hidden ones", async () => {
  assertEquals(await words("s"), ["sync", "search", "shims", "self"]);
  assertEquals(await words("x"), ["x"]);
  assertEquals(await words("comp"), ["completions"]);
  assertEquals(await words("--v"), ["--version"]);
  assertEquals(await words("app", "re"), ["restart", "reload", "restore"]);
  assertEquals(await words("daemon", "st"), ["start", "stop", "status"]);
  assertEquals(await words("no-such", ""), []);
});

Deno.test("completionsOf() completes a verb's own options, each once, and fixed values", async () => {
  assertEquals(await words("app", "logs", "--f"), ["--follow"]);
  assertEquals(await words("app", "logs", "--follow", "--f"), []);
  assertEquals(await words("app", "stop", "--f"), []);
  assertEquals(await words("daemon", "run", "--r"), []);
  assertEquals(await words("completions", ""), ["bash", "zsh", "fish", "powershell"]);
});

Deno.test("completionsOf() completes the catalogue, methods, events and values of options", async () => {
  assertEquals((await words("use", "bio")).includes("biome"), true);
  assertEquals((await words("install", "rip")).includes("ripgrep"), true);
  assertEquals((await words("ipc-send", "daemon.p")).includes("daemon.ping"), true);
  assertEquals((await words("ipc-send", "--subscribe", "app.log")).includes("app.log_line"), true);
  assertEquals(await words("ipc-send", "--wire", "n"), ["ndjson"]);
  assertEquals(await words("ipc-send", "--wire=n"), ["--wire=ndjson"]);
  assertEquals(await words("env", "--shell", "f"), ["fish"]);
  assertEquals(await words("ls", "--color", "a"), ["auto", "always"]);
});

Deno.test("completionsOf() completes what the project declares, and no word that would not stand in a shell's line", async () => {
  const cwd = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(
      `${cwd}/haft.toml`,
      '[tools]\nesbuild = "1"\n[apps]\nweb = "sleep 1"\n"evil\\u001b[2J" = "x"\n[tasks.test]\nrun = "true"\ndescription = "All tests"\n',
    );
    const found = async (...line: string[]) =>
      await completionsOf(line, { commands: COMMANDS, context: fakeContext({ cwd }) });
    assertEquals(await found("app", "start", ""), [{ word: "web", description: "sleep 1" }]);
    assertEquals(await found("run", "t"), [{ word: "test", description: "All tests" }]);
    assertEquals(await found("which", "esb"), [{ word: "esbuild", description: "not installed" }]);
  } finally {
    Deno.removeSync(cwd, { recursive: true });
  }
});

Deno.test("completionsOf() leaves another program's arguments to the names of files", async () => {
  assertEquals(await words("exec", "node", ""), "files");
  assertEquals(await words("app", "start", "web", "--", ""), "files");
  assertEquals(await words("app", "import", ""), "files");
});

/** Every command and verb with its path. */
async function* everyCommand(entries: readonly CommandEntry[], path: string[]): AsyncGenerator<string[]> {
  for (const entry of entries.filter(({ hidden }) => hidden !== true)) {
    const loaded = await entry.load();
    if (isGroup(loaded)) yield* everyCommand(loaded.commands, [...path, entry.name]);
    else yield [...path, entry.name];
  }
}

Deno.test("completionsOf() knows the options of every command and verb", async () => {
  for await (const path of everyCommand(COMMANDS, [])) {
    assertEquals([path, await words(...path, "--hel")], [path, ["--help"]]);
  }
});
