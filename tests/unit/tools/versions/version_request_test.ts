import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UsageError } from "../../../../src/base/errors.ts";
import { versionSatisfies } from "../../../../src/tools/versions/pick_version.ts";
import {
  parseVersionRequest,
  tryParseVersionRequest,
} from "../../../../src/tools/versions/version_request.ts";

Deno.test("parseVersionRequest() tells exact versions, ranges and tags apart", () => {
  const rows: [text: string, kind: string, value?: string][] = [
    ["1.2.3", "exact", "1.2.3"],
    [" 1.2.3 ", "exact", "1.2.3"],
    ["v22.1.0", "exact", "22.1.0"],
    ["=1.2.3", "exact", "1.2.3"],
    ["= 1.2.3", "exact", "1.2.3"],
    ["V22.1.0", "exact", "22.1.0"],
    ["V22", "range"],
    ["==1.2.3", "exact", "1.2.3"],
    ["==1.2.*", "range"],
    [">=0.5,<0.6", "range"],
    [">=0.5, <0.6", "range"],
    ["~=1.4", "range"],
    ["4f2a9c1", "tag", "4f2a9c1"],
    ["2.0.0-beta.1", "exact", "2.0.0-beta.1"],
    ["7.0.0-dev.20260707.2", "exact", "7.0.0-dev.20260707.2"],
    ["22", "range"],
    ["v22", "range"],
    ["22.1", "range"],
    ["22.x", "range"],
    ["22.1.*", "range"],
    ["*", "range"],
    ["x", "range"],
    ["^1", "range"],
    ["^1.2.3", "range"],
    ["~1.2", "range"],
    [">=1 <3", "range"],
    ["1.0.0 - 2.0.0", "range"],
    ["^1 || ^3", "range"],
    ["latest", "tag", "latest"],
    ["next-12", "tag", "next-12"],
    ["lts/*", "tag", "lts/*"],
    ["lts/jod", "tag", "lts/jod"],
    ["v-next", "tag", "v-next"],
  ];
  for (const [text, kind, value] of rows) {
    const request = parseVersionRequest(text);
    assertEquals(request.kind, kind, text);
    if (request.kind === "exact") assertEquals(request.version, value, text);
    if (request.kind === "tag") assertEquals(request.tag, value, text);
  }
});

Deno.test("parseVersionRequest() refuses what is neither, and what would change a path", () => {
  for (
    const text of [
      "",
      "  ",
      "..",
      "../1.2.3",
      "a/../b",
      "/etc",

      "latest?x",
      "a b",
      "-1",
      "a%2fb",
      "\0",
    ]
  ) {
    assertEquals(tryParseVersionRequest(text), undefined, JSON.stringify(text));
    const error = assertThrows(() => parseVersionRequest(text), UsageError, "Cannot read version");
    assertStringIncludes(error.next ?? "", '"^1.2"');
  }
});

Deno.test("versionSatisfies() reads pip's ranges as pip does", () => {
  const rows: [request: string, inside: string, outside: string][] = [
    [">=0.5,<0.6", "0.5.9", "0.6.0"],
    ["==1.2.*", "1.2.9", "1.3.0"],
    ["~=1.4", "1.9.0", "2.0.0"],
    ["~=1.4.2", "1.4.9", "1.5.0"],
  ];
  for (const [request, inside, outside] of rows) {
    assertEquals(
      [versionSatisfies(request, inside), versionSatisfies(request, outside)],
      [true, false],
      request,
    );
  }
});
