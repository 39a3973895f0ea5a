import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { fileStem } from "../../../src/process/process_key.ts";

Deno.test("fileStem() is a safe, short and unique name of a file for any name of an app", () => {
  const names = [
    "web",
    "Web",
    "a/b",
    "a_b",
    "../../etc",
    ".",
    "..",
    "ü",
    "u\u0308",
    "日本語",
    "x".repeat(300),
    " ",
    "con",
    "a\u202eb",
  ];
  const stems = names.map((name) => fileStem({ root: "/p", name }));
  for (const stem of stems) assert(/^[A-Za-z0-9][A-Za-z0-9._-]{0,60}$/.test(stem), stem);
  assertEquals(new Set(stems.map((stem) => stem.toLowerCase())).size, names.length);
  assertNotEquals(fileStem({ root: "/p", name: "web" }), fileStem({ root: "/q", name: "web" }));
  assert(fileStem({ root: "/p", name: "web" }).startsWith("web-"));
});
