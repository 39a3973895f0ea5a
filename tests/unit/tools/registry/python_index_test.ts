import { assertEquals } from "@std/assert";
import { filesOf } from "../../../../src/tools/registry/python_index.ts";

const URL = "https://index.example/simple/tool/";

Deno.test("filesOf() has when a file was uploaded, where the index tells it in a form that is understood", () => {
  const served = (uploaded: unknown) =>
    JSON.stringify({
      files: [{ filename: "tool-1.0-py3-none-any.whl", url: "t.whl", "upload-time": uploaded }],
    });
  const rows: [uploaded: unknown, expected: string | undefined][] = [
    ["2024-10-29T08:12:00.123456Z", "2024-10-29T08:12:00.123456Z"],
    ["2024-10-29T08:12:00Z", "2024-10-29T08:12:00Z"],
    ["yesterday", undefined],
    [7, undefined],
    [undefined, undefined],
  ];
  for (const [uploaded, expected] of rows) {
    assertEquals(filesOf(served(uploaded), URL).map((file) => file.uploaded), [expected], String(uploaded));
  }
});
