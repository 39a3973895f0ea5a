import { assertEquals } from "@std/assert";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HaftError } from "../../../src/base/errors.ts";
import { forPeople, systemFailure } from "../../../src/base/system_error.ts";

function systemError(code: string, fields: { path?: string; syscall?: string } = {}): Error {
  return Object.assign(new Error(`${code}: as the runtime says it`), { code, ...fields });
}

const rows: [error: Error, message: string][] = [
  [
    systemError("EACCES", { syscall: "mkdir", path: "/s" }),
    'Cannot make the directory "/s": permission denied (EACCES)',
  ],
  [
    systemError("EROFS", { syscall: "open", path: "/s" }),
    'Cannot open "/s": the file system is read-only (EROFS)',
  ],
  [
    systemError("ENOSPC", { syscall: "write", path: "/s" }),
    'Cannot write "/s": no space is left there (ENOSPC)',
  ],
  [systemError("EDQUOT", { syscall: "write" }), "Cannot write: the disk quota is used up (EDQUOT)"],
  [
    systemError("EPERM", { syscall: "rename", path: "/s" }),
    'Cannot move or link "/s": permission denied (EPERM)',
  ],
  [
    systemError("E2BIG", { syscall: "spawn x" }),
    "Cannot run: the arguments and the environment are too long (E2BIG)",
  ],
  [
    new Error("outer", { cause: systemError("EMFILE", { syscall: "open", path: "/s" }) }),
    'Cannot open "/s": too many files are open (EMFILE)',
  ],
];

for (const [error, message] of rows) {
  Deno.test(`systemFailure() says ${message}`, () => {
    const failure = systemFailure(error);
    assertEquals(failure?.message, message);
    assertEquals((failure?.next ?? "").length > 10, true);
  });
}

Deno.test("systemFailure() keeps the runtime's words where they name nothing, and knows no other errors", () => {
  assertEquals(systemFailure(systemError("EIO"))?.message, "EIO: as the runtime says it (EIO)");
  assertEquals(
    systemFailure(new Error("database or disk is full"))?.next.startsWith("Free some space"),
    true,
  );
  for (
    const error of [new TypeError("x is not a function"), systemError("ERR_INVALID_ARG"), "text", undefined]
  ) {
    assertEquals(systemFailure(error), undefined);
  }
});

Deno.test("forPeople() takes the words of an error that has some, else the system's, else the message", () => {
  assertEquals(forPeople(new HaftError("m", { next: "n", cause: systemError("EIO") })), {
    message: "m",
    next: "n",
  });
  assertEquals(forPeople(new TypeError("t")), { message: "t", next: undefined });
  const folder = mkdtempSync(join(tmpdir(), "haft-system-"));
  const path = join(folder, "file");
  writeFileSync(path, "");
  try {
    readFileSync(join(path, "below"));
  } catch (error) {
    assertEquals(
      forPeople(error).message,
      `Cannot open "${path}/below": a part of the path is not a directory (ENOTDIR)`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
