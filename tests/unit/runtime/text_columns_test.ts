import { assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { textColumns } from "../../../src/runtime/text_columns.ts";

const TEXTS = [
  ...["", "plain", "héé", "e\u0301", "日本語", "한글", "ｶﾞ", "─│…", "①✓", "tab\there", "nul\0", "\u200b"],
  ...["👨‍👩‍👧", "🇩🇪", "☺", "☺️", "1️⃣", "⏳", "❤"],
  ...["\x1b[31mred\x1b[0m", "\x1b]8;;http://x\x07link\x1b]8;;\x07"],
];

Deno.test("textColumns() measures alike under Bun and with the library of the other runtimes", () => {
  const script =
    "console.log(JSON.stringify(JSON.parse(process.argv[1]).map((text) => Bun.stringWidth(text))))";
  const { stdout, stderr } = spawnSync("bun", ["-e", script, JSON.stringify(TEXTS)], { encoding: "utf8" });
  assertEquals(JSON.parse(stdout || `["${stderr}"]`), TEXTS.map(textColumns));
});
