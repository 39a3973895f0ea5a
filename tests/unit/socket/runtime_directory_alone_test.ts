import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { chmodSync, chownSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { HaftError } from "../../../src/base/errors.ts";
import { runtime } from "../../../src/runtime/mod.ts";
import { connect, listen } from "../../../src/socket/mod.ts";
import { openRuntimeDirectory } from "../../../src/socket/runtime_directory.ts";

const uid = process.getuid?.();
const isRoot = uid === 0;
/** Nobody's: any id but ours. */
const FOREIGN = 65534;
const UMASKS = [0o000, 0o022, 0o077];
const HANDLER = { data() {}, drain() {}, close() {} };

async function withUmask<T>(umask: number, fn: () => T | Promise<T>): Promise<T> {
  const before = process.umask(umask);
  try {
    return await fn();
  } finally {
    process.umask(before);
  }
}

async function inTemp(fn: (directory: string) => void | Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "haft-t-" });
  try {
    await fn(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("openRuntimeDirectory() makes a directory of mode 0700 under any umask", () =>
  inTemp(async (parent) => {
    for (const umask of [...UMASKS, 0o177]) {
      const path = join(parent, `d${umask}`);
      await withUmask(umask, () => openRuntimeDirectory(path, { uid, create: true }));
      assertEquals(lstatSync(path).mode & 0o7777, 0o700);
      openRuntimeDirectory(path, { uid, create: true });
      openRuntimeDirectory(path, { uid });
    }
  }));

Deno.test("openRuntimeDirectory() says ENOENT for a missing one that it is not to make", () =>
  inTemp((parent) => {
    const error = assertThrows(() => openRuntimeDirectory(join(parent, "none"), { uid }), Error);
    assertEquals((error as NodeJS.ErrnoException).code, "ENOENT");
  }));

/** What another user can prepare for us, and what is said about it. */
const TRAPS: { name: string; reason: string; root?: boolean; prepare(path: string, parent: string): void }[] =
  [
    {
      name: "a directory that another user made",
      reason: `belongs to user ${FOREIGN}`,
      root: true,
      prepare(path) {
        mkdirSync(path, { mode: 0o700 });
        chownSync(path, FOREIGN, FOREIGN);
      },
    },
    {
      name: "a link to a directory",
      reason: "symbolic link",
      prepare(path, parent) {
        mkdirSync(join(parent, "target"), { mode: 0o700 });
        symlinkSync(join(parent, "target"), path);
      },
    },
    {
      name: "a directory open to all",
      reason: "mode is 0777",
      prepare(path) {
        mkdirSync(path);
        chmodSync(path, 0o777);
      },
    },
    {
      name: "a directory that the group can read",
      reason: "mode is 0750",
      prepare(path) {
        mkdirSync(path);
        chmodSync(path, 0o750);
      },
    },
    {
      name: "a file",
      reason: "not a directory",
      prepare: (path) => writeFileSync(path, ""),
    },
  ];

for (const { name, reason, root = false, prepare } of TRAPS) {
  for (const umask of UMASKS) {
    Deno.test({
      name: `listen() and connect() refuse ${name}, umask ${umask.toString(8).padStart(3, "0")}`,
      ignore: root && !isRoot,
      fn: () =>
        inTemp(async (parent) => {
          const directory = join(parent, "haft");
          prepare(directory, parent);
          const path = join(directory, "x.sock");
          await withUmask(umask, async () => {
            await assertRejects(() => listen(path, () => HANDLER), HaftError, reason);
            await assertRejects(() => connect(path, () => HANDLER), HaftError, reason);
          });
        }),
    });
  }
}

for (const umask of UMASKS) {
  const octal = umask.toString(8).padStart(3, "0");

  Deno.test({
    name: `connect() and listen() refuse a socket of another user's in our directory, umask ${octal}`,
    ignore: !isRoot,
    fn: () =>
      inTemp(async (parent) => {
        const directory = join(parent, "haft");
        openRuntimeDirectory(directory, { uid, create: true });
        const path = join(directory, "x.sock");
        const foreign = createServer();
        await new Promise<void>((resolve) => foreign.listen(path, resolve));
        chownSync(path, FOREIGN, FOREIGN);
        try {
          await withUmask(umask, async () => {
            await assertRejects(() => connect(path, () => HANDLER), HaftError, `belongs to user ${FOREIGN}`);
            await assertRejects(() => listen(path, () => HANDLER), HaftError, `belongs to user ${FOREIGN}`);
          });
          assert(lstatSync(path).isSocket());
        } finally {
          await new Promise((resolve) => foreign.close(resolve));
        }
      }),
  });

  Deno.test(`tryLock() refuses a symbolic link, umask ${octal}`, () =>
    inTemp(async (parent) => {
      const path = join(parent, "lock");
      const target = join(parent, "victim");
      symlinkSync(target, path);
      await withUmask(
        umask,
        () => assertThrows(() => runtime.tryLock(path), HaftError, "not a regular file"),
      );
      assertThrows(() => lstatSync(target));
      writeFileSync(target, "theirs");
      await withUmask(
        umask,
        () => assertThrows(() => runtime.tryLock(path), HaftError, "not a regular file"),
      );
    }));

  Deno.test(`tryLock() makes a lock file that only its owner can read, umask ${octal}`, () =>
    inTemp(async (parent) => {
      const path = join(parent, "lock");
      using lock = await withUmask(umask, () => runtime.tryLock(path));
      assert(lock !== undefined);
      assertEquals(lstatSync(path).mode & 0o077, 0);
    }));

  Deno.test(`listen() makes the socket 0600, umask ${octal}`, () =>
    inTemp(async (parent) => {
      const path = join(parent, "haft", "x.sock");
      await withUmask(umask, async () => {
        const listener = await listen(path, () => HANDLER);
        assertEquals(lstatSync(path).mode & 0o777, 0o600);
        assertEquals(process.umask(), umask);
        listener.close();
      });
    }));

  Deno.test({
    name: `another user cannot connect, umask ${octal}`,
    ignore: !isRoot || Deno.build.os !== "linux",
    fn: () =>
      inTemp(async (parent) => {
        chmodSync(parent, 0o755);
        const path = join(parent, "haft", "x.sock");
        const listener = await withUmask(umask, () => listen(path, () => HANDLER));
        // A shell's redirection cannot open a socket, but its permission check on the way there is the same.
        const output = await new Deno.Command("/bin/sh", {
          args: [
            "-c",
            `test -e "${path}" && echo seen; test -w "${path}" && echo writable; ls "${parent}/haft"`,
          ],
          uid: FOREIGN,
          gid: FOREIGN,
        }).output();
        assertEquals(new TextDecoder().decode(output.stdout), "");
        listener.close();
      }),
  });
}

Deno.test("listen() refuses a path where something that is not a socket lies, and leaves it", () =>
  inTemp(async (parent) => {
    const directory = join(parent, "haft");
    openRuntimeDirectory(directory, { uid, create: true });
    const path = join(directory, "x.sock");
    writeFileSync(path, "precious");
    await assertRejects(() => listen(path, () => HANDLER), HaftError, "not a socket");
    assertEquals(await Deno.readTextFile(path), "precious");
    // The private name it was bound at is gone too.
    assertEquals([...Deno.readDirSync(directory)].map(({ name }) => name).sort(), [".lock", "x.sock"]);
  }));
