/** The transport's promises under Bun, and between the two runtimes. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  Disconnected,
  type IpcChannel,
  LocalSocketChannel,
  LocalSocketServer,
} from "../../src/channel/mod.ts";
import { runtime } from "../../src/runtime/mod.ts";
import { processLock } from "../../src/runtime/process_lock.ts";
import { bundle, findBun, skipBun } from "../support/bun_runtime.ts";

const SOON = { timeoutMs: 10_000 };
const PEER = new URL("../support/transport_peer.ts", import.meta.url);

interface World {
  directory: string;
  socket: string;
  /** The command that runs the peer's bundle, by runtime. */
  peers: { runtime: string; command: string[] }[];
}

async function world(fn: (world: World) => Promise<void>): Promise<void> {
  const bun = findBun();
  assert(bun !== undefined);
  const directory = await Deno.makeTempDir({ prefix: "haft-t-" });
  try {
    const file = await bundle(PEER, directory);
    await fn({
      directory,
      socket: join(directory, "peer.sock"),
      peers: [
        { runtime: "bun", command: [bun, file] },
        { runtime: "deno", command: [Deno.execPath(), "run", "-A", "--no-config", file] },
      ],
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function start([file = "", ...args]: string[], stdin: "piped" | "null" = "null"): Deno.ChildProcess {
  return new Deno.Command(file, { args, stdin, stdout: "piped", stderr: "inherit" }).spawn();
}

/** The first line that the child prints; the rest of its output is read and dropped. */
async function firstLine(child: Deno.ChildProcess): Promise<string> {
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
  }
  await reader.cancel();
  return text.split("\n")[0] ?? "";
}

async function roundTrips(channel: IpcChannel): Promise<void> {
  const texts = ["", "plain", "héllo \u{1f600}", "x".repeat(200_000), '\u2028\n\r\t\\"', "é".repeat(70_000)];
  for (const text of texts) {
    await channel.sendJson(text);
    assertEquals((await channel.recv(SOON)).data, text);
  }
  const count = 5_000;
  const sending = (async () => {
    for (let i = 0; i < count; i++) await channel.sendJson(i);
  })();
  for (let i = 0; i < count; i++) assertEquals((await channel.recv(SOON)).data, i);
  await sending;
}

Deno.test({
  name: "the transport cases hold under Bun",
  ignore: skipBun,
  fn: (t) =>
    world(async ({ peers }) => {
      const [bun] = peers;
      const output = await start([...bun?.command ?? [], "cases"]).output();
      const results = new TextDecoder().decode(output.stdout).trim().split("\n").map((line) =>
        JSON.parse(line)
      );
      for (const { name, ok, error } of results) {
        await t.step(name, () => assert(ok, error));
      }
      assertEquals(output.code, 0);
      const { transportCases } = await import("../support/transport_cases.ts");
      assertEquals(results.length, transportCases.length);
    }),
});

Deno.test({
  name: "a server here and a client under each runtime exchange messages in both framings",
  ignore: skipBun,
  fn: (t) =>
    world(async ({ peers, socket }) => {
      for (const { runtime, command } of peers) {
        for (const framing of ["length", "lines"]) {
          await t.step(`${runtime}, ${framing}`, async () => {
            await using server = await LocalSocketServer.listen("peer", { path: socket });
            const child = start([...command, "echo", socket, framing]);
            await using channel = await server.accept(SOON);
            await roundTrips(channel);
            await channel.close();
            assertEquals((await child.output()).code, 0);
          });
        }
      }
    }),
});

Deno.test({
  name: "a client here and a server under each runtime exchange messages",
  ignore: skipBun,
  fn: (t) =>
    world(async ({ peers, socket }) => {
      for (const { runtime, command } of peers) {
        await t.step(runtime, async () => {
          const child = start([...command, "serve", socket]);
          await using channel = await LocalSocketChannel.connect("peer", {
            path: socket,
            retry: true,
            ...SOON,
          });
          await roundTrips(channel);
          await channel.close();
          assertEquals((await child.output()).code, 0);
          assert(!existsSync(socket));
        });
      }
    }),
});

Deno.test({
  name: "a child that sends and exits at once loses nothing",
  ignore: skipBun,
  fn: (t) =>
    world(async ({ peers, socket }) => {
      for (const { runtime, command } of peers) {
        await t.step(runtime, async () => {
          await using server = await LocalSocketServer.listen("peer", { path: socket });
          const child = start([...command, "send", socket, "20000"]);
          await using channel = await server.accept(SOON);
          let next = 0;
          for await (const { data } of channel) {
            assertEquals((data as { bytes_downloaded: number }).bytes_downloaded, next++);
          }
          assertEquals(next, 20_000);
          assertEquals((await child.output()).code, 0);
        });
      }
    }),
});

Deno.test({
  name: "requests one after the other are each answered, and the last one hears that its peer has closed",
  ignore: skipBun,
  fn: (t) =>
    world(async ({ peers, socket }) => {
      for (const { runtime, command } of peers) {
        await t.step(runtime, async () => {
          await using server = await LocalSocketServer.listen("peer", { path: socket });
          const child = start([...command, "ask", socket]);
          const channel = await server.accept(SOON);
          let asked = 0;
          for await (const { id, data } of channel) {
            // The last one is left without an answer, amid a streak.
            if (++asked === 2_000) break;
            const { n } = data as { n: number };
            await channel.send({ type: "response", id, data: { n: n * 2 } });
          }
          await channel.close();
          assertEquals(await firstLine(child), "Disconnected");
          assertEquals((await child.status).code, 0);
        });
      }
    }),
});

Deno.test({
  name: "a child killed in the middle of a message is Disconnected",
  ignore: skipBun,
  fn: (t) =>
    world(async ({ peers, socket }) => {
      for (const { runtime, command } of peers) {
        await t.step(runtime, async () => {
          await using server = await LocalSocketServer.listen("peer", { path: socket });
          const child = start([...command, "half", socket]);
          await using channel = await server.accept(SOON);
          await channel.recv(SOON);
          child.kill("SIGKILL");
          await assertRejects(() => channel.recv(SOON), Disconnected, "in the middle of a message");
          await child.output();
        });
      }
    }),
});

Deno.test({
  name: "listen() replaces the socket that a killed server left",
  ignore: skipBun,
  fn: (t) =>
    world(async ({ peers, socket }) => {
      for (const { runtime, command } of peers) {
        await t.step(runtime, async () => {
          const child = start([...command, "serve", socket]);
          assertEquals(await firstLine(child), "ready");
          child.kill("SIGKILL");
          await child.status;
          assert(existsSync(socket));
          await using server = await LocalSocketServer.listen("peer", { path: socket });
          await using near = await LocalSocketChannel.connect("peer", { path: socket });
          await using far = await server.accept(SOON);
          await near.sendJson(1);
          assertEquals((await far.recv(SOON)).data, 1);
        });
      }
    }),
});

Deno.test({
  name: "processLock() of either runtime excludes the other, until its holder ends or is killed",
  ignore: skipBun,
  fn: (t) =>
    world(async ({ peers, directory }) => {
      for (const end of ["end", "kill"]) {
        for (const { runtime: name, command } of peers) {
          await t.step(`${name}, ${end}`, async () => {
            const path = join(directory, "lock");
            const child = start([...command, "lock", path], "piped");
            assertEquals(await firstLine(child), "locked");
            assertEquals(runtime.tryLock(path), undefined);
            let waits = 0;
            const waiting = processLock(path, { onWait: () => waits++ });
            if (end === "kill") child.kill("SIGKILL");
            await child.stdin.close().catch(() => {});
            (await waiting).release();
            assertEquals(waits, 1);
            await child.status;
          });
        }
      }
      using _held = await processLock(join(directory, "lock"));
      for (const { runtime: name, command } of peers) {
        await t.step(`${name} waits for us`, async () => {
          const child = start([...command, "lock", join(directory, "lock")], "piped");
          const line = firstLine(child);
          const outcome = await Promise.race([
            line,
            new Promise((resolve) => setTimeout(resolve, 300, "waiting")),
          ]);
          assertEquals(outcome, "waiting");
          child.kill("SIGKILL");
          await child.stdin.close().catch(() => {});
          await line;
          await child.status;
        });
      }
    }),
});

Deno.test({
  name:
    "exec() under each runtime gives the program's exit code, output, signals and default signal handling",
  ignore: skipBun,
  fn: (t) =>
    world(async ({ peers }) => {
      for (const { runtime: name, command } of peers) {
        await t.step(`${name}, exit code and output`, async () => {
          const output = await start([
            ...command,
            "exec",
            "/bin/sh",
            "-c",
            "echo $0 $1; exit 7",
            "zero",
            "one",
          ]).output();
          assertEquals(new TextDecoder().decode(output.stdout), "zero one\n");
          assertEquals(output.code, 7);
        });
        await t.step(`${name}, a signal`, async () => {
          const child = start([
            ...command,
            "exec",
            "/bin/sh",
            "-c",
            "trap 'exit 9' TERM; echo up; while :; do sleep 0.05; done",
          ]);
          assertEquals(await firstLine(child), "up");
          child.kill("SIGTERM");
          assertEquals((await child.status).code, 9);
        });
        await t.step(`${name}, killed by a signal`, async () => {
          const { code, signal } = await start([...command, "exec", "/bin/sh", "-c", "kill -KILL $$"])
            .output();
          assertEquals(signal ?? code, name === "bun" ? "SIGKILL" : 137);
        });
        if (Deno.build.os !== "linux") continue;
        await t.step(`${name}, no signal is left ignored`, async () => {
          const output = await start([...command, "exec", "/bin/grep", "SigIgn", "/proc/self/status"])
            .output();
          // SIGPIPE is 13, SIGXFSZ is 25.
          const ignored = BigInt(`0x${new TextDecoder().decode(output.stdout).split("\t")[1]?.trim()}`);
          assertEquals(ignored & (1n << 12n | 1n << 24n), 0n);
        });
      }
    }),
});

Deno.test({
  name: "selfCommand() starts the same program again, from any directory",
  ignore: skipBun,
  fn: (t) =>
    world(async ({ peers }) => {
      for (const { runtime: name, command } of peers) {
        await t.step(name, async () => {
          const first = await start([...command, "self"]).output();
          const self: string[] = JSON.parse(new TextDecoder().decode(first.stdout));
          const [file = "", ...args] = self;
          const again = await new Deno.Command(file, { args: [...args, "self"], cwd: "/", stdout: "piped" })
            .output();
          assertEquals(JSON.parse(new TextDecoder().decode(again.stdout)), self);
        });
      }
      await t.step("deno, from the sources, with the import map", async () => {
        const source = [
          Deno.execPath(),
          "run",
          "-A",
          "--config",
          new URL("../../deno.json", import.meta.url).pathname,
        ];
        const first = await start([...source, PEER.pathname, "self"]).output();
        const [file = "", ...args]: string[] = JSON.parse(new TextDecoder().decode(first.stdout));
        const again = await new Deno.Command(file, { args: [...args, "self"], cwd: "/", stdout: "piped" })
          .output();
        assertEquals(JSON.parse(new TextDecoder().decode(again.stdout)), [file, ...args]);
      });
    }),
});
