import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../src/base/errors.ts";
import { placesOf } from "../../../src/dialects/places.ts";

const linux = { env: {}, platform: "linux" };
const run = { env: { XDG_RUNTIME_DIR: "/run/user/7" }, platform: "linux" };

const windows = { env: {}, platform: "win32" };

const rows: [
  dialect: string,
  place: string | true,
  context: Parameters<typeof placesOf>[2],
  paths: string[],
][] = [
  ["vx", "/run/vx.sock", linux, ["/run/vx.sock"]],
  ["bunctl", true, linux, ["/tmp/bunctl.sock"]],
  ["bunctl", true, run, ["/run/user/7/bunctl.sock"]],
  ["bunctl", true, { ...run, env: { BUNCTL_SOCKET: "/b.sock" } }, ["/b.sock"]],
  ["bunctl", true, windows, ["\\\\.\\pipe\\bunctl_bunctl"]],
  ["bunctl", "\\\\.\\pipe\\other", windows, ["\\\\.\\pipe\\other"]],
  ["ipckit", "tool", windows, ["\\\\.\\pipe\\tool"]],
  ["auroraview", "tool", windows, ["\\\\.\\pipe\\auroraview_tool"]],
  ["roo", "/tmp/roo.sock", windows, ["\\\\.\\pipe\\tmp-roo.sock"]],
  ["codex", true, { ...windows, env: { ROO_CODE_IPC_SOCKET_PATH: "/r.sock" } }, ["\\\\.\\pipe\\r.sock"]],
  ["roo", "\\\\.\\pipe\\roo", windows, ["\\\\.\\pipe\\roo"]],
  ["ipckit", true, run, ["/run/user/7/ipckit.sock"]],
  ["ipckit", "tool", linux, ["/tmp/tool.sock"]],
  ["auroraview", "tool", linux, ["/tmp/ipckit_tool", "/tmp/tool.sock", "/tmp/auroraview_tool"]],
  ["roo", true, { ...linux, env: { ROO_CODE_IPC_SOCKET_PATH: "/r.sock" } }, ["/r.sock"]],
  ["codex-lines", true, { ...linux, env: { ROO_CODE_IPC_SOCKET_PATH: "/r.sock" } }, ["/r.sock"]],
];

for (const [dialect, place, context, paths] of rows) {
  Deno.test(`placesOf(${dialect}, ${place}) on ${context.platform} with ${JSON.stringify(context.env)}`, () => {
    assertEquals(placesOf(dialect, place, context), paths);
  });
}

Deno.test("placesOf() refuses a name where the dialect goes by paths, and no path where it has no usual one", () => {
  assertThrows(() => placesOf("vx", "tool", linux), UsageError, "listens at a path");
  assertThrows(() => placesOf("vx", true, run), UsageError, "needs the path");
  assertThrows(() => placesOf("roo", true, linux), UsageError, "needs the path");
  assertThrows(() => placesOf("vx", "C:\\vx.sock", windows), UsageError, "listens at a pipe on Windows");
});
