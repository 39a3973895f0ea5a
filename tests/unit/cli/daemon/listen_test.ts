import { assertEquals, assertThrows } from "@std/assert";
import { resolve } from "node:path";
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
  for (const text of ["vx=", "=/a", "VX=/a", "vx=/a,"]) {
    assertThrows(() => flag(text), UsageError, "--listen takes DIALECT=PATH");
  }
});

Deno.test("listenFlag() takes a dialect without a path, and a channel's name in place of one", () => {
  const listen = flag("bunctl,auroraview=tool,codex-lines=./c.sock");
  assertEquals(listen, {
    "bunctl": [true],
    "auroraview": ["tool"],
    "codex-lines": [resolve("./c.sock")],
  });
  assertEquals(listenText({ bunctl: [true], auroraview: ["tool"] }), "bunctl,auroraview=tool");
});
