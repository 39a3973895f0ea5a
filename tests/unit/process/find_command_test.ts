import { assertEquals, assertThrows } from "@std/assert";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HaftError } from "../../../src/base/errors.ts";
import { findCommand } from "../../../src/process/find_command.ts";

function directoryWith(...files: string[]): string {
  const directory = Deno.makeTempDirSync();
  mkdirSync(join(directory, "bin"));
  for (const file of files) writeFileSync(join(directory, file), "", { mode: 0o755 });
  return directory;
}

Deno.test("findCommand() on Windows finds NAME.exe and NAME.com by NAME, and by their whole names", () => {
  const cwd = directoryWith("bin/ping.exe", "bin/more.com", "bin/v1.2.exe", "own.exe");
  const find = (name: string) => findCommand(name, { cwd, path: join(cwd, "bin"), platform: "win32" });
  assertEquals(["ping", "ping.exe", "more", "v1.2", "./own"].map(find), [
    join(cwd, "bin", "ping.exe"),
    join(cwd, "bin", "ping.exe"),
    join(cwd, "bin", "more.com"),
    join(cwd, "bin", "v1.2.exe"),
    join(cwd, "own.exe"),
  ]);
});

Deno.test("findCommand() on Windows starts no batch file, whose words cmd.exe would read once more, and says what does", () => {
  const cwd = directoryWith("bin/npm.cmd", "own.bat");
  for (const name of ["npm", "npm.cmd", "./own.bat"]) {
    const error = assertThrows(
      () => findCommand(name, { cwd, path: join(cwd, "bin"), platform: "win32" }),
      HaftError,
      "it is a batch file, which only cmd.exe can run",
    );
    assertEquals(error.next, "Write the command as a text, which cmd.exe runs, and not as a list");
  }
});

Deno.test("findCommand() elsewhere takes names as they are", () => {
  const cwd = directoryWith("bin/tool", "bin/other.exe");
  const find = (name: string) => findCommand(name, { cwd, path: join(cwd, "bin"), platform: "linux" });
  assertEquals(find("tool"), join(cwd, "bin", "tool"));
  assertThrows(() => find("other"), HaftError, "ENOENT");
});
