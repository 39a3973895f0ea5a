import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import { LineSplitter, LONGEST_LINE } from "../../../../src/apps/logs/line_splitter.ts";
import { rotatedPath } from "../../../../src/apps/logs/log_files.ts";
import { readLog, readLogNow } from "../../../../src/apps/logs/read_log.ts";
import { requiredTexts } from "../../../../src/apps/logs/required_texts.ts";
import { TimeIndex } from "../../../../src/apps/logs/time_index.ts";

Deno.test("requiredTexts() gives what every match has", () => {
  const rows: [string, string[] | undefined][] = [
    ["error", ["error"]],
    ["^GET /users/\\d+ status=500$", ["GET /users/"]],
    ["error|warn(ing)?|^fatal:", ["error", "warn", "fatal:"]],
    ["error|\\d+", undefined],
    ["colou?r", ["colo"]],
    ["ab*cd", ["cd"]],
    ["a{0,3}longer+x", ["longer"]],
    ["(?:a|b)tail", ["tail"]],
    ["[a|(b]tail[)\\]]", ["tail"]],
    ["(x[)]y)tail", ["tail"]],
    ["1\\.2\\.3", ["1.2.3"]],
    ["a\\tb", ["a\tb"]],
    ["(?!not)this", ["this"]],
    ["é1", ["é1"]],
    ["😀?", undefined],
    ["\\x41bc", undefined],
    ["(a)\\1bc", undefined],
    [".*", undefined],
    ["", undefined],
    ["|a", undefined],
    ["(?i)error", undefined],
    ["a{x|b}cd", undefined],
    ["ab{2}|c{1,}d", ["a", "d"]],
  ];
  for (const [source, expected] of rows) assertEquals(requiredTexts(source), expected, source);
});

/** What each line of the files is by the splitter alone, oldest first. */
function everyLine(files: readonly Buffer[]): string[] {
  return files.flatMap((bytes) => {
    const splitter = new LineSplitter();
    return [...splitter.push(bytes), ...splitter.flush()].map(({ text }) => text);
  });
}

Deno.test("readLog() finds with and without a text to look for what a look at every line finds", async () => {
  const path = `${Deno.makeTempDirSync()}/a.log`;
  let seed = 7;
  const random = (below: number) => (seed = (seed * 16_807) % 2_147_483_647) % below;
  const words = ["error", "warn", "é", "\\xff", "✓ done", "id=7", "x", "\r", "", "  "];
  const invalid = Buffer.from([0xff, 0x20, 0xc3]);
  const content = (lines: number) => {
    const parts: Buffer[] = [];
    for (let n = 0; n < lines; n++) {
      const kind = random(2_000);
      for (let word = random(8); word >= 0; word--) {
        parts.push(Buffer.from(words[random(words.length)] ?? ""));
      }
      if (kind === 0) parts.push(invalid);
      if (kind === 1) parts.push(Buffer.from("long ".repeat(random(60_000))), Buffer.from("error"));
      parts.push(Buffer.from(kind % 50 === 2 ? "\r\n" : "\n"));
    }
    return Buffer.concat(parts);
  };
  const files = [content(4_000), content(20_000), Buffer.concat([content(500), Buffer.from("open error")])];
  for (const [index, bytes] of files.toReversed().entries()) writeFileSync(rotatedPath(path, index), bytes);
  const all = everyLine(files);
  const patterns = [
    "error",
    "^error$",
    "warn|✓",
    "xff",
    "\\d",
    "^ *$",
    "é+",
    "(id)=7",
    "ng error$",
    "x\\b",
    "nowhere",
  ];
  for (const pattern of patterns) {
    const grep = new RegExp(pattern);
    const expected = all.filter((line) => grep.test(line));
    for (const lines of [1, 1_000_000]) {
      const found = await readLog(path, () => 2, { lines, grep });
      assertEquals(found.map(({ line }) => line), expected.slice(-lines), `${pattern} ${lines}`);
    }
  }
  assertEquals((await readLog(path, () => 2, { lines: 1_000_000 })).map(({ line }) => line), all);
});

Deno.test("readLog() reads a line of many blocks in pieces, and what stands before it", async () => {
  const path = `${Deno.makeTempDirSync()}/a.log`;
  writeFileSync(path, `before\n${"y".repeat(5_000_000)}\nafter\n`);
  new TimeIndex(path).note({ rotations: 0, offset: 0, time: 1_000 });
  const pieces = Math.ceil(5_000_000 / LONGEST_LINE);
  const all = await readLog(path, () => 0, { lines: 1_000, since: 1_000 });
  assertEquals(all.length, pieces + 2);
  assertEquals(all.map(({ line }) => line.length).reduce((a, b) => a + b), 5_000_011);
  assertEquals([all[0]?.line, all.at(-1)?.line, all.at(-2)?.partial], ["before", "after", false]);
  const last = readLogNow(path, () => 0, { lines: 3, grep: /y|before/ });
  assertEquals(last.map(({ partial }) => partial), [true, true, false]);
  const from = { rotations: 0, offset: 7 };
  assertEquals(readLogNow(path, () => 0, { lines: 1_000, from, grep: /before|after/ }).length, 1);
});
