/** Events of all hosts in the fleet's stream: what leaves a host, replay, gaps, and the server gone. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { delay } from "@std/async/delay";
import { documented } from "../e2e/support.ts";
import { until } from "../support/until.ts";
import { FleetWorld, type Machine } from "./fleet_world.ts";
import { noServer } from "./nats_server.ts";

const options = { ignore: noServer, sanitizeOps: false, sanitizeResources: false };

interface Line {
  host: string | null;
  since: string;
  data: { event: string; seq?: number; data: unknown; subject?: string };
}

/** What the stream has of these types, up to `count` events. */
async function read(machine: Machine, types: string, ...args: string[]): Promise<Line[]> {
  const { stdout } = await machine.run("ipc-send", "--subscribe", types, ...args);
  return stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

async function publish(machine: Machine, type: string, ...more: string[]): Promise<void> {
  await machine.good("ipc-send", "events.publish", `type=${type}`, ...more);
}

async function untilPublished(machine: Machine, count: number): Promise<void> {
  const published = async () =>
    (await machine.status() as { events: { published: number } }).events.published;
  await until(published, `${count} events are published`, { passes: (now) => now >= count });
}

/** Sets what the machine publishes. */
async function publishes(machine: Machine, table: string): Promise<void> {
  const path = join(machine.sandbox.haftHome, "config", "config.toml");
  const before = readFileSync(path, "utf8").replace(/\n\[fleet\.events\][^]*$/, "");
  writeFileSync(path, `${before}\n[fleet.events]\n${table}\n`);
  await machine.good("ipc-send", "fleet.reload");
  await machine.until("connected");
}

Deno.test(
  "ipc-send --subscribe --host '*' follows all hosts, replays from a sequence, and picks by labels and types",
  options,
  async () => {
    await using fleet = await FleetWorld.create();
    const { first } = fleet;
    const beta = await fleet.join("beta", "--label", "role=web");
    beta.sandbox.manifest('[apps.web]\ncommand = ["sh", "-c", "echo secret; exec sleep 1000"]\n');
    await beta.good("trust");
    await beta.good("app", "start", "web");
    await publish(first, "user.a.one");
    await publish(beta, "user.b");
    // No grant is needed: the host's user publishes them to the fleet.
    const states = await read(first, "app.*", "--host", "*", "--since", "0", "--count", "3", "--for", "60s");
    assertEquals(new Set(states.map(({ host }) => host)), new Set(["beta"]));
    assert(states.every(({ data }) => data.event.startsWith("app.") && data.event !== "app.log_line"));
    const [one] = await read(beta, "user.a.*", "--host", "*", "--since", "0", "--count", "1", "--for", "60s");
    assertEquals([one?.host, one?.data.event], ["alpha", "user.a.one"]);
    const web = await read(
      first,
      "user.*",
      "--host",
      "role=web",
      "--since",
      "0",
      "--count",
      "1",
      "--for",
      "60s",
    );
    assertEquals(web.map(({ host, data }) => [host, data.event]), [["beta", "user.b"]]);

    // From where one line says, what follows it is there and nothing twice; `SEQ` alone does as well.
    const [seq = ""] = states[0]?.since.split("@") ?? [];
    for (const since of [states[0]?.since ?? "", seq]) {
      const rest = await read(
        first,
        "app.*",
        "--host",
        "*",
        "--since",
        since,
        "--count",
        "2",
        "--for",
        "60s",
      );
      assertEquals(rest, states.slice(1));
    }
    const live = read(first, "user.live", "--host", "*", "--count", "1", "--for", "60s");
    let over = false;
    void live.then(() => over = true);
    while (!over) {
      await publish(beta, "user.live");
      await delay(200);
    }
    assertEquals((await live)[0]?.data.event, "user.live");

    // A sequence of another stream, or of the future, is announced, and so is a wrong one.
    for (const since of ["999999", `${seq}@0123456789abcdef`]) {
      const [reset] = await read(first, "user.*", "--host", "*", "--since", since, "--for", "1s");
      assertEquals([reset?.host, reset?.data.event], [null, "reset"]);
    }
    const wrong = await first.run("ipc-send", "--subscribe", "user.*", "--host", "*", "--since", "x");
    assertEquals(wrong.code, 2);
    assertStringIncludes(wrong.stderr, "a sequence of the fleet's stream");
  },
);

Deno.test(
  "what a host publishes is its user's choice, by type and project, and nothing from before it joined",
  options,
  async () => {
    await using fleet = await FleetWorld.create();
    const { first } = fleet;
    const beta = await fleet.machine("beta");
    await publish(beta, "user.before");
    await beta.good("fleet", "join", await fleet.invite("beta"));
    await publish(beta, "user.first");
    await untilPublished(beta, 1);
    await publishes(beta, 'types = ["user.shown"]');
    await publish(beta, "user.hidden");
    await publish(beta, "user.shown");
    await untilPublished(beta, 1);
    await publishes(beta, `projects = [${JSON.stringify(beta.sandbox.project)}]`);
    await publish(beta, "user.of_no_project");
    beta.sandbox.manifest('[tasks.t]\nrun = "true"\n');
    await beta.good("trust");
    await beta.good("task", "start", "t");
    await untilPublished(beta, 3);
    const lines = await read(first, "user.*,task.created", "--host", "*", "--since", "0", "--for", "3s");
    assertEquals(lines.map(({ data }) => data.event), ["user.first", "user.shown", "task.created"]);
    await publishes(beta, "types = []");
    await publish(beta, "user.silent");
    const none = await read(first, "user.silent", "--host", "*", "--since", "0", "--for", "1s");
    assertEquals(none, []);
  },
);

Deno.test(
  "the server gone: what the ring still has is published on its return, the rest announced, nothing twice",
  options,
  async () => {
    await using fleet = await FleetWorld.create();
    const { first } = fleet;
    const beta = await fleet.join("beta");
    await publish(beta, "user.n", "data=0");
    await untilPublished(beta, 1);
    const pid = await fleet.serverPid();
    process.kill(pid, "SIGSTOP");
    // More than the ring keeps: what came before is gone, and what comes after it stays.
    const large = join(beta.sandbox.root, "large.json");
    writeFileSync(large, JSON.stringify({ type: "user.large", data: "x".repeat(900_000) }));
    for (let n = 1; n <= 20; n++) await beta.good("ipc-send", "events.publish", `@${large}`);
    for (let n = 1; n <= 5; n++) await publish(beta, "user.n", `data=${n}`);
    process.kill(pid, "SIGCONT");
    const lines = await read(first, "user.n", "--host", "*", "--since", "0", "--count", "6", "--for", "120s");
    const [lagged] = lines.filter(({ data }) => data.event === "lagged");
    const { from = 0, to = 0, dropped = 0 } = lagged?.data.data as Record<string, number>;
    assertEquals([lagged?.host, to - from + 1], ["beta", dropped]);
    assertEquals(lines.filter(({ data }) => data.event === "user.n").map(({ data }) => data.data), [
      0,
      1,
      2,
      3,
      4,
      5,
    ]);

    // Killed and started anew: the server has what was acknowledged, and the host goes on behind it.
    process.kill(pid, "SIGKILL");
    await publish(beta, "user.n", "data=6");
    await fleet.untilServerAnswers();
    const after = await read(first, "user.n", "--host", "*", "--since", "0", "--count", "7", "--for", "120s");
    assertEquals(after.filter(({ data }) => data.event === "user.n").map(({ data }) => data.data), [
      ...[0, 1, 2, 3, 4, 5, 6],
    ]);

    // Another life of the daemon is announced: what the former one had not published is lost.
    await beta.good("daemon", "stop");
    await publish(beta, "user.n", "data=7");
    const all = await read(first, "user.n", "--host", "*", "--since", "0", "--count", "8", "--for", "120s");
    const [reset, last] = all.slice(-2);
    assertEquals([reset?.host, reset?.data.event, last?.data.data], ["beta", "reset", 7]);
  },
);

Deno.test(
  "a reader behind the stream's limits is told what it missed",
  options,
  async () => {
    await using fleet = await FleetWorld.create("--keep-bytes", "100KiB");
    const { first } = fleet;
    const text = "x".repeat(1_000);
    for (let n = 0; n < 4; n++) {
      const batch = Array.from(
        { length: 50 },
        () => JSON.stringify({ method: "events.publish", data: { type: "user.many", data: text } }),
      ).join("\n");
      const path = join(first.sandbox.root, "batch");
      writeFileSync(path, batch);
      await first.sandbox.shell(documented, `haft ipc-send -j -q < ${path}`);
    }
    await untilPublished(first, 200);
    const lines = await read(first, "user.many", "--host", "*", "--since", "1", "--for", "3s");
    const { from, to, dropped } = lines[0]?.data.data as Record<string, number>;
    assertEquals([lines[0]?.host, lines[0]?.data.event, from], [null, "lagged", 2]);
    assertEquals(dropped, Number(to) - 1);
    const events = lines.slice(1);
    assert(events.length > 0 && events.length < 200, String(events.length));
    // The gap ends where the events begin.
    assertEquals(Number(events[0]?.since.split("@")[0]), Number(to) + 1);
  },
);
