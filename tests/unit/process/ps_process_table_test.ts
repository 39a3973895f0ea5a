import { assertEquals } from "@std/assert";
import { parsePsLine } from "../../../src/process/ps_process_table.ts";

Deno.test("parsePsLine() reads what ps prints on macOS and Linux", () => {
  assertEquals(parsePsLine("  42     1    42      0 Ss     0:01.50 Sat Nov 21 01:55:23 2026"), {
    pid: 42,
    parent: 1,
    group: 42,
    session: 0,
    state: "S",
    startTime: "Sat Nov 21 01:55:23 2026",
    cpuSeconds: 1.5,
  });
  assertEquals(parsePsLine("PID PPID"), undefined);
});
