import { assertEquals } from "@std/assert";
import { parseByteSize } from "../../../../src/process/config/byte_size.ts";

Deno.test("parseByteSize() reads units, and nothing else", () => {
  const sizes: [string, number | undefined][] = [
    ["10MiB", 10 * 1024 * 1024],
    ["10MB", 10_000_000],
    ["512k", 524_288],
    ["1.5 GiB", 1_610_612_736],
    ["100b", 100],
    ["0MiB", undefined],
    ["10", undefined],
    ["much", undefined],
  ];
  for (const [text, expected] of sizes) assertEquals(parseByteSize(text), expected, text);
});
