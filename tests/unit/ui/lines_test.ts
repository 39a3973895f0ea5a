import { assertEquals } from "@std/assert";
import { jsonLines } from "../../../src/ui/json_lines.ts";
import { plainLines } from "../../../src/ui/plain_lines.ts";
import { formatBytes, formatSpeed, formatTime } from "../../../src/ui/units.ts";
import { cell, cellRight, fit } from "../../../src/ui/text.ts";
import { downloading, failed, installed, started } from "./support.ts";

/** An output that keeps what is written. */
function keep() {
  const texts: string[] = [];
  return {
    texts,
    write(text: string) {
      texts.push(text);
      return Promise.resolve();
    },
  };
}

Deno.test("plainLines() writes one line for each change of phase, without carriage returns", async () => {
  const output = keep();
  const observer = plainLines(output);
  for (
    const event of [
      started("biome"),
      downloading("biome", 1, 35_000_000),
      downloading("biome", 2, 35_000_000),
      downloading("biome", 3, 35_000_000),
      installed("biome"),
      failed("z\r\nig", "no luck"),
    ]
  ) observer.event(event);
  await observer.close();
  assertEquals(
    output.texts.join(""),
    [
      "biome 1.2.3: downloading 35.0 MB\n",
      "biome 1.2.3: installed, 35.0 MB in 1.2s\n",
      "z ig 1.2.3: failed\n",
    ].join(""),
  );
});

Deno.test("jsonLines() writes every event as one line", async () => {
  const output = keep();
  const observer = jsonLines(output);
  const events = [started("biome"), downloading("biome", 1, 2), installed("biome")];
  for (const event of events) observer.event(event);
  await observer.close();
  const lines = output.texts.join("").trimEnd().split("\n");
  assertEquals(lines.map((line) => JSON.parse(line)), events as unknown[]);
});

Deno.test("jsonLines() goes on quietly when its reader has gone", async () => {
  const observer = jsonLines({ write: () => Promise.reject(new Error("EPIPE")) });
  observer.event(started("biome"));
  await observer.close();
  observer.event(installed("biome"));
  await observer.close();
});

Deno.test("formatBytes(), formatSpeed() and formatTime() keep figures short", () => {
  const rows: [string, string][] = [
    [formatBytes(0), "0 B"],
    [formatBytes(999), "999 B"],
    [formatBytes(12_345), "12 kB"],
    [formatBytes(35_000_000), "35.0 MB"],
    [formatBytes(1_234_000_000), "1.2 GB"],
    [formatSpeed(48_210_000), "48.2 MB/s"],
    [formatTime(0), "0.0s"],
    [formatTime(1_234), "1.2s"],
    [formatTime(99_674), "1m 40s"],
  ];
  for (const [actual, expected] of rows) assertEquals(actual, expected);
});

Deno.test("fit(), cell() and cellRight() count columns, not characters", () => {
  const rows: [string, string][] = [
    [fit("biome", 5), "biome"],
    [fit("esbuild", 5), "esbu…"],
    [fit("日本語", 4), "日…"],
    [fit("x", 0), ""],
    [cell("日本", 5), "日本 "],
    [cellRight("62%", 4), " 62%"],
  ];
  for (const [actual, expected] of rows) assertEquals(actual, expected);
});
