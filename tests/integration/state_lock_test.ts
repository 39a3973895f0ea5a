/** A state directory has one daemon; who only asks whether one runs is not taken for it. */
import { assertEquals, assertRejects } from "@std/assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { daemonLockFile, daemonRecordFile, runningDaemon } from "../../src/client/running_daemon.ts";
import { AlreadyRunning, StateLock } from "../../src/daemon/state_lock.ts";
import { runtime } from "../../src/runtime/mod.ts";

async function withState(test: (state: string) => Promise<void>): Promise<void> {
  const state = mkdtempSync(join(tmpdir(), "haft-state-lock-"));
  try {
    await test(state);
  } finally {
    rmSync(state, { recursive: true });
  }
}

/** Holds the lock as a client that asks does, until it is released. */
function hold(state: string) {
  const lock = runtime.tryLock(daemonLockFile(state));
  if (lock === undefined) throw new Error("the lock is taken");
  return lock;
}

Deno.test("a daemon that starts outlasts a slow client that asks whether one runs", async () => {
  await withState(async (state) => {
    const asking = hold(state);
    const taking = StateLock.take(state, "/run/user/1/haft/daemon.sock");
    setTimeout(() => asking.release(), 700);
    const lock = await taking;
    assertEquals(runningDaemon(state), { pid: process.pid, socket: "/run/user/1/haft/daemon.sock" });
    lock.release();
    assertEquals(runningDaemon(state), undefined);
  });
});

Deno.test("a daemon that starts beside one that lives is told where that one listens", async () => {
  await withState(async (state) => {
    const daemon = hold(state);
    writeFileSync(daemonRecordFile(state), JSON.stringify({ pid: process.pid, socket: "/other.sock" }));
    const error = await assertRejects(() => StateLock.take(state, "/mine.sock"), AlreadyRunning);
    assertEquals(error.socket, "/other.sock");
    daemon.release();
  });
});
