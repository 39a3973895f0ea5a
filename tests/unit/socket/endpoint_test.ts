import { assertEquals, assertThrows } from "@std/assert";
import { HaftError, UsageError } from "../../../src/base/errors.ts";
import { checkPathLength, endpointPath } from "../../../src/socket/endpoint.ts";

const LINUX = { env: {}, platform: "linux", uid: 1000, tmpdir: "/tmp" };

Deno.test("endpointPath() is below XDG_RUNTIME_DIR, or a directory of the user's in the temporary one", () => {
  const rows: [Parameters<typeof endpointPath>[1], string][] = [
    [{ ...LINUX, env: { XDG_RUNTIME_DIR: "/run/user/1000" } }, "/run/user/1000/haft/daemon.sock"],
    [LINUX, "/tmp/haft-1000/daemon.sock"],
    [{ ...LINUX, env: { XDG_RUNTIME_DIR: "" } }, "/tmp/haft-1000/daemon.sock"],
    [{ ...LINUX, env: { XDG_RUNTIME_DIR: "relative/dir" } }, "/tmp/haft-1000/daemon.sock"],
    [
      { ...LINUX, platform: "darwin", uid: 501, tmpdir: "/var/folders/ab/T/" },
      "/var/folders/ab/T/haft-501/daemon.sock",
    ],
    [{ ...LINUX, platform: "win32", uid: undefined, user: "Ann Lee" }, "\\\\.\\pipe\\haft-Ann_Lee-daemon"],
    [{ ...LINUX, platform: "win32", uid: undefined, user: "corp\\ann" }, "\\\\.\\pipe\\haft-corp_ann-daemon"],
  ];
  for (const [context, path] of rows) assertEquals(endpointPath("daemon", context), path);
});

Deno.test("endpointPath() refuses names that are not one plain file name", () => {
  const bad = [
    "",
    ".",
    "..",
    "../x",
    "a/b",
    "a\\b",
    "/abs",
    ".hidden",
    "a b",
    "a\0b",
    "a\nb",
    "é",
    "a..b",
    "x".repeat(129),
  ];
  for (const name of bad) assertThrows(() => endpointPath(name, LINUX), UsageError, "Invalid channel name");
  for (const name of ["a", "haft-install-123-npm+@scope+x-9f", "v1.2_x", "x".repeat(64)]) {
    endpointPath(name, LINUX);
  }
});

Deno.test("endpointPath() names the path, its length, the limit and the way out when it is too long", () => {
  const rows = [["linux", 107], ["darwin", 103]] as const;
  for (const [platform, limit] of rows) {
    const fixed = "/haft/d.sock".length;
    const at = { ...LINUX, platform, env: { XDG_RUNTIME_DIR: `/${"d".repeat(limit - fixed - 1)}` } };
    assertEquals(endpointPath("d", at).length, limit);
    const past = { ...at, env: { XDG_RUNTIME_DIR: `${at.env.XDG_RUNTIME_DIR}d` } };
    const error = assertThrows(
      () => endpointPath("d", past),
      HaftError,
      `${limit + 1} bytes, and the system allows ${limit}`,
    );
    assertEquals(error.next, "Set XDG_RUNTIME_DIR to a shorter directory, or HAFT_SOCKET to a shorter path");
  }
});

Deno.test("checkPathLength() counts bytes, not letters", () => {
  checkPathLength("é".repeat(53), "linux");
  assertThrows(() => checkPathLength("é".repeat(54), "linux"), HaftError, "108 bytes");
});
