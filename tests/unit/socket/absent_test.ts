import { assertEquals } from "@std/assert";
import { nobodyListens } from "../../../src/socket/absent.ts";

function failure(code: string): Error {
  return Object.assign(new Error("Failed to connect"), { code });
}

Deno.test("a listener that ends between a connect and its accept is as absent as one that never was", () => {
  const codes = ["ENOENT", "ECONNREFUSED", "ECONNRESET", "EACCES", "EMFILE", "EAGAIN"];
  assertEquals(codes.filter((code) => nobodyListens(failure(code))), [
    "ENOENT",
    "ECONNREFUSED",
    "ECONNRESET",
  ]);
  assertEquals(nobodyListens(new Error("no code")), false);
});
