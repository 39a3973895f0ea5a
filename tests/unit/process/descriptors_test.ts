import { assertEquals, assertThrows } from "@std/assert";
import { HaftError } from "../../../src/base/errors.ts";
import { lacksDescriptors, requireDescriptors } from "../../../src/process/descriptors.ts";

Deno.test("a process is not started when it, and what was promised to others, would take the last descriptors", () => {
  requireDescriptors("/bin/true");
  const error = assertThrows(() => requireDescriptors("/bin/true", 2 ** 31), HaftError, "descriptors open");
  assertEquals(error.next, 'Raise the limit of open files (ulimit -n), then "haft daemon restart"');
});

Deno.test("only the want of descriptors is one", () => {
  assertEquals(
    ["EMFILE", "ENFILE", "ENOENT", "ESRCH"].map((code) =>
      lacksDescriptors(Object.assign(new Error(), { code }))
    ),
    [true, true, false, false],
  );
});
