import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../../src/base/errors.ts";
import { listenFlag, listenText } from "../../../../src/cli/daemon/listen.ts";

const flag = (text?: string) =>
  listenFlag({ flags: new Map(text === undefined ? [] : [["listen", text]]), positional: [], rest: [] });

Deno.test("listenFlag() collects each dialect's paths, and listenText() writes them again", () => {
  assertEquals(flag(), {});
  const listen = flag("vx=/a,roo=/b,vx=/c=d");
  assertEquals(listen, { vx: ["/a", "/c=d"], roo: ["/b"] });
  assertEquals(listenText(listen), "vx=/a,vx=/c=d,roo=/b");
  assertEquals(listenText({}), "");
});

Deno.test("listenFlag() refuses what is not DIALECT=PATH", () => {
  for (const text of ["vx", "vx=", "=/a", "VX=/a", "vx=/a,"]) {
    assertThrows(() => flag(text), UsageError, "--listen takes DIALECT=PATH");
  }
});
