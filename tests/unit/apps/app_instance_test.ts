/** The life of one instance, with time, processes and spawning made up. */
import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { AppInstance } from "../../../src/apps/app_instance.ts";
import { parseApp } from "../../../src/apps/config/parse_apps.ts";
import { LogCopier } from "../../../src/apps/logs/log_copier.ts";
import { OwnLogFiles } from "../../../src/apps/logs/own_log_files.ts";
import { PortPool } from "../../../src/apps/port_pool.ts";
import { InstanceLogs } from "../../../src/apps/logs/instance_logs.ts";
import { ExitWatch } from "../../../src/process/exit_watch.ts";
import { FakeClock, FakeSystem, settle } from "../process/fakes.ts";

const DAY = 24 * 60 * 60 * 1000;

interface World {
  clock: FakeClock;
  system: FakeSystem;
  instance: AppInstance;
  events: string[];
  /** Starts of processes. */
  spawns: () => number;
  pid: () => number;
}

async function withInstance(
  table: Record<string, unknown>,
  fn: (world: World) => Promise<void>,
  dependencies: (signal: AbortSignal) => Promise<undefined> = () => Promise.resolve(undefined),
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "haft-t-" });
  const clock = new FakeClock();
  const system = new FakeSystem();
  const events: string[] = [];
  const config = parseApp("web", { command: "run", ...table });
  const instance: AppInstance = new AppInstance(0, {
    table: system,
    clock,
    spawner: system,
    exits: new ExitWatch({ table: system, clock }),
    ports: new PortPool(),
    random: () => 0.5,
    markerPrefix: "web/0",
    owner: "/state/apps",
    plan: () =>
      Promise.resolve({
        config,
        words: (command) => [command].flat(),
        written: table,
        logs: { stdout: [], stderr: [] },
        port: undefined,
        spec: { file: "run", args: [], cwd: "/", env: {}, uid: undefined, gid: undefined },
      }),
    noteStart: () => [],
    dependencies,
    logs: (onLine) =>
      new InstanceLogs({
        base: join(directory, "web-0"),
        clock,
        settings: () => ({ maxSize: 1_000, keep: 2 }),
        copier: new LogCopier({
          files: new OwnLogFiles(),
          clock,
          source: { app: "web", root: "/", instance: 0 },
          settings: () => ({ maxSize: 1_000, keep: 2, format: "text", timestamps: false }),
          onProblem: (text) => events.push(text),
        }),
        writers: { hold: () => Promise.resolve(true), release: () => {} },
        onLine,
        onSkip: () => {},
        onProblem: (text) => events.push(text),
      }),
    emit: (type, data) => {
      const told: Record<string, unknown> = { ...data };
      events.push(
        type === "app.status_change"
          ? String(told["state"])
          : type === "app.process_restarting"
          ? `restart ${told["attempt"]} in ${told["delay_ms"]}`
          : type.slice(4),
      );
    },
    changed: () => {},
    commit: () => {},
    watch: () => ({ [Symbol.dispose]: () => {} }),
    remove: () => events.push("remove"),
  });
  try {
    await fn({
      clock,
      system,
      instance,
      events,
      spawns: () => system.specs.length,
      pid: () => instance.process?.pid ?? 0,
    });
  } finally {
    await instance.detach();
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a crash is followed by pauses that grow, and being up long enough begins anew", () =>
  withInstance(
    { backoff: { jitter: 0, reset_after: "10s" } },
    async ({ clock, system, instance, events, pid }) => {
      instance.start();
      await settle();
      const pauses: string[] = [];
      for (const upFor of [0, 0, 0, 10_000, 0]) {
        await clock.pass(upFor);
        system.exit(pid(), { code: 1, signal: null });
        await clock.pass(0);
        pauses.push(events.findLast((event) => event.startsWith("restart")) ?? "");
        assertEquals(instance.state, "backoff");
        await clock.pass(1_000);
        assertEquals(instance.state, "running");
      }
      assertEquals(pauses, [
        "restart 1 in 100",
        "restart 2 in 200",
        "restart 3 in 400",
        "restart 1 in 100",
        "restart 2 in 200",
      ]);
    },
  ));

Deno.test("the wall clock moved a day forward or back starts nothing early, and keeps nothing waiting", () =>
  withInstance(
    { backoff: { initial: "10s", jitter: 0 } },
    async ({ clock, system, instance, pid, spawns }) => {
      for (const shift of [DAY, -DAY]) {
        instance.start();
        await settle();
        const before = spawns();
        system.exit(pid(), { code: 1, signal: null });
        await clock.pass(0);
        clock.wallShift = shift;
        await clock.pass(9_999);
        assertEquals([instance.state, spawns()], ["backoff", before]);
        await clock.pass(1);
        assertEquals([instance.state, spawns()], ["running", before + 1]);
        instance.stop();
        await clock.pass(100);
      }
    },
  ));

Deno.test("an app that exits at once is no spin: a hundred seconds are few starts", () =>
  withInstance({ backoff: { jitter: 0 } }, async ({ clock, system, instance, pid, spawns }) => {
    instance.start();
    for (let second = 0; second < 1_000; second++) {
      await clock.pass(100);
      if (instance.state === "running") system.exit(pid(), { code: 1, signal: null });
    }
    assertEquals(spawns() < 15, true, `${spawns()} starts`);
  }));

Deno.test("stop() in the pause ends it: the start that was planned does not come", () =>
  withInstance({}, async ({ clock, system, instance, pid, spawns }) => {
    instance.start();
    await settle();
    system.exit(pid(), { code: 1, signal: null });
    await clock.pass(0);
    instance.stop();
    assertEquals(instance.state, "stopped");
    await clock.pass(DAY);
    assertEquals([instance.state, spawns(), clock.timers], ["stopped", 1, 0]);
  }));

Deno.test("stop() while the process is being made: it is stopped as soon as it is there", () =>
  withInstance({}, async ({ clock, system, instance, events }) => {
    const gate = Promise.withResolvers<void>();
    system.gate = gate.promise;
    instance.start();
    await settle();
    instance.stop();
    await clock.pass(1_000);
    assertEquals(instance.state, "stopping");
    gate.resolve();
    await clock.pass(1_000);
    assertEquals([instance.state, system.processes.size], ["stopped", 0]);
    assertEquals(events, ["starting", "stopping", "process_started", "process_exited", "stopped"]);
  }));

Deno.test("stop() while it waits for a dependency ends the wait, and a restart then makes one process", () => {
  const waits: AbortSignal[] = [];
  const wait = (signal: AbortSignal) => {
    waits.push(signal);
    return new Promise<undefined>((resolve) =>
      signal.addEventListener("abort", () => resolve(undefined), { once: true })
    );
  };
  return withInstance({}, async ({ clock, instance, spawns }) => {
    instance.start();
    await settle();
    instance.restart();
    await clock.pass(100);
    assertEquals([instance.state, waits.length, waits[0]?.aborted, spawns()], ["starting", 2, true, 0]);
    instance.stop();
    await clock.pass(100);
    assertEquals([instance.state, waits[1]?.aborted, spawns()], ["stopped", true, 0]);
  }, wait);
});

Deno.test("stopped is told only when the group is empty, and SIGKILL comes after stop_timeout, not before", () =>
  withInstance({ stop_timeout: "5s" }, async ({ clock, system, instance, pid }) => {
    system.ignores = ["SIGTERM"];
    instance.start();
    await settle();
    system.add({ group: pid() });
    instance.stop();
    await clock.pass(4_900);
    assertEquals([instance.state, system.signals], ["stopping", [[-pid(), "SIGTERM"]]]);
    await clock.pass(200);
    assertEquals([instance.state, system.processes.size], ["stopped", 0]);
  }));

Deno.test("start() while it stops runs it again, once, when nothing of it is left", () =>
  withInstance({}, async ({ clock, system, instance, spawns, pid }) => {
    instance.start();
    await settle();
    const first = pid();
    instance.stop();
    instance.start();
    instance.start();
    await clock.pass(1_000);
    assertEquals([instance.state, spawns(), system.processes.size], ["running", 2, 1]);
    assertEquals(pid() === first, false);
  }));

Deno.test("a pid that is another process's by now is not signalled", () =>
  withInstance({}, async ({ clock, system, instance, pid }) => {
    instance.start();
    await settle();
    const taken = system.processes.get(pid());
    if (taken !== undefined) system.processes.set(pid(), { ...taken, startTime: "later", marker: undefined });
    instance.stop();
    await clock.pass(20_000);
    assertEquals([instance.state, system.signals, system.processes.size], ["stopped", [], 1]);
  }));

Deno.test("what cannot be spawned is crashed with the reason, and is not tried again by itself", () =>
  withInstance({ restart: "always" }, async ({ clock, system, instance, spawns }) => {
    system.failure = new Error("no");
    instance.start();
    await clock.pass(DAY);
    assertEquals([instance.state, instance.reason, spawns()], ["crashed", "no", 1]);
  }));
