import { assertEquals, assertThrows } from "@std/assert";
import { packageBin } from "../../../../src/tools/install/package_bin.ts";

Deno.test("packageBin() reads both forms of bin", () => {
  const below = "node_modules/x";
  const bin = (fields: unknown) => packageBin(JSON.stringify(fields), { below });
  assertEquals(bin({ name: "@a/x", bin: "./cli.js" }), { x: "node_modules/x/cli.js" });
  assertEquals(bin({ name: "x", bin: { a: "bin/a.js", b: "./bin//b.js" } }), {
    a: "node_modules/x/bin/a.js",
    b: "node_modules/x/bin/b.js",
  });
  assertEquals(bin({ name: "x" }), {});
});

Deno.test("packageBin() refuses names and paths that lead elsewhere", () => {
  for (
    const bin of [{ "..": "a.js" }, { "a/b": "a.js" }, { a: "../../x.js" }, { a: "/bin/sh" }, { "": "x" }, {
      "a\\b": "x",
    }]
  ) {
    assertThrows(() => packageBin(JSON.stringify({ name: "x", bin }), { below: "n" }));
  }
});
