import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { HaftError } from "../../../src/base/errors.ts";
import { onDamage } from "../../../src/base/set_aside.ts";
import { runtime } from "../../../src/runtime/mod.ts";
import { processLock } from "../../../src/runtime/process_lock.ts";
import { sqliteTryLock } from "../../../src/runtime/sqlite_lock.ts";

async function inTemp(fn: (directory: string) => void | Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "haft-t-" });
  try {
    await fn(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("tryLock() excludes a second one until release(), and leaves the file", () =>
  inTemp((directory) => {
    const path = join(directory, "lock");
    const first = runtime.tryLock(path);
    assert(first !== undefined);
    assertEquals(runtime.tryLock(path), undefined);
    first.release();
    first.release();
    assert(existsSync(path));
    runtime.tryLock(path)?.release();
  }));

Deno.test("tryLock() sets aside a directory in its place, refuses a link, and reports a missing directory", () =>
  inTemp((directory) => {
    mkdirSync(join(directory, "d"));
    onDamage(() => {});
    runtime.tryLock(join(directory, "d"))?.release();
    assertMatch(readdirSync(directory).sort().join(), /^d,d\.damaged-\w+$/);
    symlinkSync(join(directory, "d"), join(directory, "link"));
    assertThrows(() => runtime.tryLock(join(directory, "link")), HaftError, "not a regular file");
    assertThrows(() => runtime.tryLock(join(directory, "none", "lock")), Error);
  }));

Deno.test("sqliteTryLock(), the lock of systems without flock, excludes a second one until release()", () =>
  inTemp((directory) => {
    const path = join(directory, "lock");
    const first = sqliteTryLock(path);
    assert(first !== undefined);
    assertEquals(sqliteTryLock(path), undefined);
    first.release();
    first.release();
    sqliteTryLock(path)?.release();
  }));

Deno.test("processLock() hands the lock on to each that waits, one at a time", () =>
  inTemp(async (directory) => {
    const path = join(directory, "lock");
    let held = 0;
    let waits = 0;
    await Promise.all(Array.from({ length: 5 }, async () => {
      using _lock = await processLock(path, { onWait: () => waits++ });
      assertEquals(++held, 1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      held--;
    }));
    // Once each for those that did not come first.
    assertEquals(waits, 4);
  }));

Deno.test("processLock() stops waiting at an abort, with its reason", () =>
  inTemp(async (directory) => {
    const path = join(directory, "lock");
    using _held = await processLock(path);
    const abort = new AbortController();
    await assertRejects(
      () => processLock(path, { signal: abort.signal, onWait: () => abort.abort(new Error("enough")) }),
      Error,
      "enough",
    );
    await assertRejects(
      () => processLock(path, { signal: AbortSignal.abort(new Error("before")) }),
      Error,
      "before",
    );
  }));

Deno.test({
  name: "a lock's descriptor is not inherited by a child, which would keep the lock when its holder is gone",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    inTemp(async (directory) => {
      const path = join(directory, "lock");
      using _lock = await processLock(path);
      const { stdout } = await new Deno.Command("/bin/ls", { args: ["-l", "/proc/self/fd"] }).output();
      assert(!new TextDecoder().decode(stdout).includes(path));
    }),
});
