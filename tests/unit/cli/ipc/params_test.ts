import { assertEquals } from "@std/assert";
import { UsageError } from "../../../../src/base/errors.ts";
import { readParams } from "../../../../src/cli/ipc/params.ts";

Deno.test("readParams() reads JSON, and key=value with JSON values and dotted keys", async () => {
  const rows: [words: string[], params: unknown][] = [
    [[], {}],
    [['{"a": [1]}'], { a: [1] }],
    [["a=1", "b=text", "c=true", "d="], { a: 1, b: "text", c: true, d: "" }],
    [["a.b=1", "a.c=x=y"], { a: { b: 1, c: "x=y" } }],
  ];
  for (const [words, params] of rows) assertEquals(await readParams(words), params);
  for (const words of [["{"], ["a=1", "b"], ["{}", "{}"], ["__proto__.x=1"]]) {
    const error = await readParams(words).catch((thrown) => thrown);
    assertEquals([words, error instanceof UsageError], [words, true]);
  }
  assertEquals(Object.hasOwn(Object.prototype, "x"), false);
});
