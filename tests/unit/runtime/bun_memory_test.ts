import { assertEquals } from "@std/assert";
import { codeOf } from "../../../src/runtime/bun_memory.ts";

Deno.test("codeOf() finds the mapped code of one file, and nothing that could be written to", () => {
  const maps = `00200000-01a38000 r--p 00000000 fe:00 131 /opt/my haft
01a40000-06849000 r-xp 01838000 fe:00 131                        /opt/my haft
0684a000-076bf000 rw-p 06641000 fe:00 131                        /opt/my haft
7f0000000000-7f0000001000 r-xp 00000000 fe:00 7                  /usr/lib/libc.so.6
7f0000002000-7f0000003000 rwxp 00000000 00:00 0
7ffc00000000-7ffc00002000 r-xp 00000000 00:00 0                  [vdso]
`;
  assertEquals(codeOf(maps, "/opt/my haft"), [{ begin: 0x1a40000, end: 0x6849000 }]);
  assertEquals(codeOf(maps, "/opt/other"), []);
});
