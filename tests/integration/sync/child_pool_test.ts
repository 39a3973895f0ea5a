import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { delay } from "@std/async/delay";
import type { InstallConfig } from "../../../src/protocol/install.ts";
import { createChildInstaller } from "../../../src/sync/child_installer.ts";
import type { ClosingInstaller } from "../../../src/sync/install_one.ts";
import { fakeChild, isAlive, jobFor, type Sandbox, sandbox } from "./support.ts";

function installer(mode: string, box: Sandbox): ClosingInstaller {
  return createChildInstaller({ env: box.env, silence: 60_000, command: fakeChild(mode) });
}

/** Installs one tool; gives where, and the process that did it. */
async function installed(install: ClosingInstaller, config: InstallConfig): Promise<[string, number]> {
  let pid = 0;
  const { install_path: path } = await install(config, {
    signal: new AbortController().signal,
    onStarted: (started) => pid = started,
    onProgress: () => {},
  });
  return [path, pid];
}

async function assertNothingLeft(box: Sandbox): Promise<void> {
  assertEquals(box.sockets(), []);
  for (const { pid } of box.journal()) {
    for (let look = 0; look < 200 && isAlive(pid); look++) await delay(10);
    assert(!isAlive(pid), `process ${pid} is still there`);
  }
}

Deno.test("createChildInstaller() gives one tool after another to the same child", async () => {
  await using box = await sandbox();
  {
    await using install = installer("stays", box);
    const results = [];
    for (const tool of ["a", "b", "c"]) results.push(await installed(install, jobFor(tool)));
    const [{ pid } = { pid: 0 }] = box.journal();
    assertEquals(results, [["/store/a", pid], ["/store/b", pid], ["/store/c", pid]]);
    assertEquals(box.journal().length, 1);
  }
  await assertNothingLeft(box);
});

Deno.test("createChildInstaller() replaces a child that died while it had nothing to do", async () => {
  await using box = await sandbox();
  {
    await using install = installer("stays", box);
    const [, first] = await installed(install, jobFor("a"));
    process.kill(first, "SIGKILL");
    for (let look = 0; look < 1_000 && isAlive(first); look++) await delay(10);
    // The runtime hears of the end a moment after the process is gone.
    await delay(300);
    const [path, second] = await installed(install, jobFor("b"));
    assertEquals([path, second === first], ["/store/b", false]);
  }
  await assertNothingLeft(box);
});

Deno.test("createChildInstaller() keeps no child that has run a postinstall, or a build", async () => {
  await using box = await sandbox();
  {
    await using install = installer("stays", box);
    const jobs = [
      jobFor("a", { options: { postinstall: "make" } }),
      jobFor("b", { kind: "built" }),
      jobFor("c"),
    ];
    const pids = [];
    for (const job of jobs) pids.push((await installed(install, job))[1]);
    assertEquals(new Set(pids).size, 3);
  }
  await assertNothingLeft(box);
});

Deno.test("createChildInstaller() keeps no child that failed", async () => {
  await using box = await sandbox();
  {
    await using install = installer("failed", box);
    for (const tool of ["a", "b"]) {
      const failure = await installed(install, jobFor(tool)).catch((error: unknown) => error);
      assert(failure instanceof Error && failure.message === "the archive is broken");
    }
    assertEquals(box.journal().length, 2);
  }
  await assertNothingLeft(box);
});
