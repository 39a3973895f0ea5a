import { assertEquals } from "@std/assert";
import { linuxProcessTable, parseStat } from "../../../src/process/linux_process_table.ts";

Deno.test("parseStat() reads a name with spaces and parentheses", () => {
  const stat =
    "42 (a) (b c) S 1 40 41 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 1 0 987654 1000 200 18446744073709551615";
  const { residentBytes = 0, ...info } = parseStat(stat) ?? {};
  // A page has 4 KiB or more.
  assertEquals([residentBytes >= 200 * 4_096, residentBytes % (200 * 4_096)], [true, 0]);
  assertEquals(info, {
    pid: 42,
    parent: 1,
    group: 40,
    session: 41,
    state: "S",
    startTime: "987654",
    cpuSeconds: 2,
  });
  assertEquals([parseStat(undefined), parseStat(""), parseStat("1 (x")], [undefined, undefined, undefined]);
});

Deno.test("residentBytes() is what the kernel says of the process", () => {
  const status = Deno.readTextFileSync("/proc/self/status");
  const kernel = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  const own = linuxProcessTable.residentBytes(Deno.pid) ?? 0;
  assertEquals(own > kernel / 2 && own < kernel * 2, true);
});

Deno.test("parseStat() takes a process for living while threads are left beside the first, which is a zombie", () => {
  const stat = (threads: number) =>
    parseStat(`42 (a) Z 1 42 42 0 -1 4194560 100 0 0 0 1 1 0 0 20 0 ${threads} 0 987654 0 0 0`)?.state;
  assertEquals([stat(1), stat(3)], ["Z", "S"]);
});
