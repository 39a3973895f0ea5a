import { assertEquals } from "@std/assert";
import { bumpRequest } from "../../../../src/tools/versions/bump_request.ts";

Deno.test("bumpRequest() is as exact as the request was", () => {
  const rows: [request: string, version: string, bumped: string][] = [
    ["22", "24.1.0", "24"],
    ["22.3", "24.1.0", "24.1"],
    ["22.3.1", "24.1.0", "24.1.0"],
    ["v22", "24.1.0", "v24"],
    ["^1.2", "2.0.5", "^2.0"],
    ["~1.2.3", "2.0.5", "~2.0.5"],
    [">=1", "2.0.5", ">=2"],
    ["1.0.0-rc.1", "2.0.5", "2.0.5"],
    ["^1.0.0-rc.1", "2.0.5", "^2.0.5"],
    ["1.2", "2.0.0-beta.1", "2.0"],
    [">=1 <3", "4.5.6", "4"],
    ["1.x", "4.5.6", "4"],
    ["0.1 - 0.3", "0.7.2", "0.7"],
    ["latest", "4.5.6", "latest"],
    ["lts", "4.5.6", "lts"],
    ["*", "4.5.6", "*"],
  ];
  for (const [request, version, bumped] of rows) {
    assertEquals([request, bumpRequest(request, version)], [request, bumped]);
  }
});
