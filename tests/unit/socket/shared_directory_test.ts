import { assert, assertEquals, assertRejects } from "@std/assert";
import { existsSync, lstatSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { listen } from "../../../src/socket/mod.ts";
import { until } from "../../support/until.ts";

/** Only root can make a directory that is root's. */
const ignore = Deno.build.os === "windows" || Deno.uid() !== 0;
const NOTHING = { data() {}, drain() {}, close() {} };
const MAY = { mayBeShared: true };

async function shared(mode: number, fn: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "haft-s-" });
  try {
    await Deno.chmod(directory, mode);
    await fn(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function answers(path: string): Promise<boolean> {
  const connection = await Deno.connect({ transport: "unix", path }).catch(() => undefined);
  connection?.close();
  return connection !== undefined;
}

Deno.test({
  name:
    "a socket straight in a shared sticky directory is 0600 from its first moment, and goes with its listener",
  ignore,
  fn: () =>
    shared(0o1777, async (directory) => {
      const path = join(directory, "ipckit_demo");
      const listener = await listen(path, () => NOTHING, MAY);
      const stat = lstatSync(path);
      assert(stat.isSocket());
      assertEquals(stat.mode & 0o777, 0o600);
      assertEquals(lstatSync(join(directory, "haft-0")).mode & 0o777, 0o700);
      listener.close();
      assertEquals(existsSync(path), false);
      assertEquals(readdirSync(join(directory, "haft-0")).filter((name) => name !== ".lock"), []);
    }),
});

Deno.test({
  name: "in a shared directory a live socket is kept, a stale one replaced, and what is no socket left alone",
  ignore,
  fn: () =>
    shared(0o1777, async (directory) => {
      const path = join(directory, "demo.sock");
      const first = await listen(path, () => NOTHING, MAY);
      await assertRejects(() => listen(path, () => NOTHING, MAY), Error, "in use by another process");
      const stale = join(directory, "stale.sock");
      // A listener that was killed leaves its socket: as this one does, whose path is linked elsewhere first.
      await Deno.link(path, stale);
      first.close();
      await until(async () => !await answers(stale), "the old socket answers no more");
      const second = await listen(stale, () => NOTHING, MAY);
      second.close();
      assertEquals(existsSync(stale), false);
      writeFileSync(path, "");
      await assertRejects(() => listen(path, () => NOTHING, MAY), Error, "it is not a socket");
      assert(lstatSync(path).isFile());
    }),
});

Deno.test({
  name:
    "a shared directory is refused where nobody asked for one, and where others can replace what is in it",
  ignore,
  fn: async () => {
    await shared(0o1777, async (directory) => {
      await assertRejects(() => listen(join(directory, "s"), () => NOTHING), Error, "other users can get in");
    });
    await shared(0o777, async (directory) => {
      await assertRejects(
        () => listen(join(directory, "s"), () => NOTHING, MAY),
        Error,
        "other users can get in",
      );
    });
  },
});

Deno.test({
  name:
    "a link of root's to a shared directory is followed, and a directory that is not there is made for us alone",
  ignore,
  fn: () =>
    shared(0o1777, async (directory) => {
      const link = `${directory}-link`;
      await Deno.symlink(directory, link);
      try {
        const listener = await listen(join(link, "demo"), () => NOTHING, MAY);
        assert(lstatSync(join(directory, "demo")).isSocket());
        listener.close();
        assertEquals(existsSync(join(directory, "demo")), false);
      } finally {
        await Deno.remove(link);
      }
      const own = await listen(join(directory, "own", "s"), () => NOTHING, MAY);
      assertEquals(lstatSync(join(directory, "own")).mode & 0o777, 0o700);
      own.close();
    }),
});
