import { assertEquals } from "@std/assert";
import { splitWords } from "../../../src/dialects/split_words.ts";

const rows: [string, string[] | undefined][] = [
  ["node server.js", ["node", "server.js"]],
  ["a 'b c' \"d e\" f\\ g", ["a", "b c", "d e", "f g"]],
  ["echo $HOME *.ts ~", ["echo", "$HOME", "*.ts", "~"]],
  ["", undefined],
  ["''", undefined],
  ["an 'open quote", undefined],
];
for (const [text, words] of rows) {
  Deno.test(`splitWords() of ${JSON.stringify(text)}`, () => assertEquals(splitWords(text), words));
}
