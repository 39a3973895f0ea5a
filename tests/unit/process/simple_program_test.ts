import { assertThrows } from "@std/assert";
import { chmodSync, writeFileSync } from "node:fs";
import { HaftError } from "../../../src/base/errors.ts";
import { requireProgram } from "../../../src/process/simple_program.ts";

Deno.test("requireProgram() finds out a program that is missing, and leaves to a shell what only it knows", () => {
  const cwd = Deno.makeTempDirSync({ prefix: "haft-t-" });
  writeFileSync(`${cwd}/script`, "#!/no/such/interpreter\n");
  chmodSync(`${cwd}/script`, 0o755);
  writeFileSync(`${cwd}/plain`, "text");
  const look = (text: string) => requireProgram(text, { cwd, path: "/usr/bin:/bin" });
  const refused: [string, string][] = [
    ["no-such-program --flag", 'Cannot run "no-such-program": ENOENT'],
    ["./missing a b", `Cannot run "${cwd}/missing": ENOENT`],
    ["./plain", "EACCES, it is not executable"],
    ["./script", 'its interpreter "/no/such/interpreter" does not exist'],
  ];
  for (const [text, message] of refused) assertThrows(() => look(text), HaftError, message);
  const passed = [
    "sh -c true",
    "ls /",
    "exec no-such-program",
    "cd / && no-such-program",
    "A=1 no-such-program",
    "$PROGRAM run",
    '"my program" run',
    "no-such-program\nother",
    "echo done",
  ];
  for (const text of passed) look(text);
  Deno.removeSync(cwd, { recursive: true });
});
