import { assertEquals } from "@std/assert";
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { followFile } from "../../../src/base/follow_file.ts";

Deno.test("followFile() goes on with the successor of a rotated file, loses nothing, and splits no character", async () => {
  const folder = mkdtempSync(join(tmpdir(), "haft-follow-"));
  const path = join(folder, "log");
  const stop = new AbortController();
  try {
    writeFileSync(path, "one\n");
    let text = "";
    for await (const part of followFile(path, { signal: stop.signal, from: "start" })) {
      text += part;
      if (text === "one\n") {
        const bytes = new TextEncoder().encode("zwei ✓\n");
        appendFileSync(path, bytes.subarray(0, 6));
        appendFileSync(path, bytes.subarray(6));
        renameSync(path, `${path}.1`);
        writeFileSync(path, "three\n");
      }
      if (text.endsWith("three\n")) stop.abort();
    }
    assertEquals(text, "one\nzwei ✓\nthree\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

Deno.test("followFile() begins at the end by default, and yields what is there when the signal comes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "haft-follow-"));
  const path = join(folder, "log");
  try {
    writeFileSync(path, "old\n");
    const stop = new AbortController();
    const reader = followFile(path, { signal: stop.signal });
    const first = reader.next();
    appendFileSync(path, "new\n");
    stop.abort();
    assertEquals(await first, { done: false, value: "new\n" });
    assertEquals((await reader.next()).done, true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
