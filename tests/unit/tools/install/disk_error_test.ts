import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { HaftError } from "../../../../src/base/errors.ts";
import { explainDiskError } from "../../../../src/tools/install/disk_error.ts";

Deno.test("explainDiskError() names the path, the reason and the next step", () => {
  for (
    const [code, words] of [["ENOSPC", "disk is full"], ["EROFS", "read-only"], [
      "EACCES",
      "permission denied",
    ]]
  ) {
    const explained = explainDiskError(Object.assign(new Error("os"), { code, path: "/p/q" }), "/fallback");
    assertInstanceOf(explained, HaftError);
    assertStringIncludes(explained.message, "/p/q");
    assertStringIncludes(explained.message, words ?? "");
    assert(explained.next !== undefined);
  }
  const other = new Error("other");
  assertEquals(explainDiskError(other, "/x"), other);
});
