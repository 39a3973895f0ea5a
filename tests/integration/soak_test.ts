/**
 * A few seconds of what scripts/soak.ts does for ten minutes: every kind of channel at once, under Bun, with
 * deaths by kill -9.
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bundle, findBun, skipBun } from "../support/bun_runtime.ts";

const ignore = skipBun || !existsSync("/dev/shm");
const PROGRAM = new URL("../../scripts/soak/soak_program.ts", import.meta.url);
const SOON = 30_000;

interface Sample {
  traffic: Record<string, { sent: number; returned: number; requests: number }>;
  killed: { rounds: number };
}

async function soak(seconds: number, fn: (child: Deno.ChildProcess, directory: string) => Promise<void>) {
  const bun = findBun();
  assert(bun !== undefined);
  const directory = await Deno.makeTempDir({ prefix: "haft-soak-" });
  try {
    const sockets = join(directory, "sockets");
    await Deno.mkdir(sockets, { mode: 0o700 });
    const file = await bundle(PROGRAM, directory);
    const child = new Deno.Command(bun, {
      args: [file, "run", String(seconds), sockets],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    await fn(child, sockets);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test({
  name:
    "mixed traffic on every kind of channel while peers are killed: nothing lost, every death noticed, nothing left",
  ignore,
  fn: () =>
    soak(4, async (child) => {
      const { code, stdout } = await child.output();
      const lines = new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
      assertEquals([code, lines.at(-1)], [0, { over: true }]);
      const { traffic, killed } = lines.at(-2) as Sample;
      assertEquals(Object.keys(traffic), ["thread", "worker", "socket", "shared", "stdio"]);
      for (const { sent, returned, requests } of Object.values(traffic)) {
        assertEquals(returned, sent);
        assertGreater(requests, 10);
      }
      assertGreater(killed.rounds, 0);
    }),
});

Deno.test({
  name:
    "kill -9 of the side that listens and started the others: they end by themselves, and no segment is left",
  ignore,
  fn: () =>
    soak(60, async (child) => {
      const reader = child.stdout.getReader();
      await reader.read();
      const peers = childrenOf(child.pid);
      assertGreater(peers.length, 2);
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
      const deadline = Date.now() + SOON;
      while (peers.some(isRunning) && Date.now() < deadline) await new Promise((r) => setTimeout(r, 20));
      assertEquals(peers.filter(isRunning), []);
      const segments = `/dev/shm/haft-${Deno.uid() ?? 0}`;
      const owners = [child.pid, ...peers];
      assertEquals(
        readdirSync(segments).filter((name) => owners.some((pid) => name.startsWith(`${pid}-`))),
        [],
      );
    }),
});

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number)
  );
}

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
