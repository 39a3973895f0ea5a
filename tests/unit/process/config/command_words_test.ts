import { assertEquals } from "@std/assert";
import { splitCommand } from "../../../../src/process/config/command_words.ts";

Deno.test("splitCommand() splits as a shell does, expands nothing, and refuses a shell's operators", () => {
  const rows: [string, string[]][] = [
    ["npm run dev", ["npm", "run", "dev"]],
    [`a "b c" 'd e' f\\ g`, ["a", "b c", "d e", "f g"]],
    ["echo $HOME *.ts ~", ["echo", "$HOME", "*.ts", "~"]],
    [`a ""`, ["a", ""]],
  ];
  for (const [text, argv] of rows) assertEquals(splitCommand(text), { ok: true, argv });
  for (const text of ["", "   ", "a 'b", "a && b", "a | b", "a > b", "a ; b"]) {
    assertEquals(splitCommand(text).ok, false, text);
  }
});
