/** Apps outlive the process that supervises them: it is killed, and another one goes on. */
import { assert, assertEquals } from "@std/assert";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { logFamily } from "../../../src/apps/logs/log_files.ts";
import { hostProcessTable } from "../../../src/process/host_process_table.ts";
import { isDead } from "../../../src/process/process_table.ts";
import {
  AppHarness,
  type AppWorld,
  isAlive,
  makeWorld,
  removeWorld,
  writeApps,
} from "../../support/app_harness.ts";
import { bundle, findBun, skipBun } from "../../support/bun_runtime.ts";
import { until } from "../../support/until.ts";

const RUNNER = new URL("../../support/app_runner.ts", import.meta.url);
const CONFIG = new URL("../../../deno.json", import.meta.url).pathname;

interface Report {
  outcomes: { error: string | null }[];
  types: string[];
  pids: number[];
  states: string[];
}

async function firstLine(child: Deno.ChildProcess): Promise<Report> {
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
  }
  await reader.cancel();
  return JSON.parse(text.split("\n")[0] ?? "");
}

/** Starts a supervisor, waits until its apps run, and kills it. */
async function superviseAndDie(world: AppWorld, command = denoRunner()): Promise<Report> {
  const [file = "", ...args] = command;
  const child = new Deno.Command(file, { args: [...args, world.directory], stdin: "null", stdout: "piped" })
    .spawn();
  const report = await firstLine(child);
  child.kill("SIGKILL");
  await child.status;
  return report;
}

function denoRunner(): string[] {
  return [Deno.execPath(), "run", "-A", "--quiet", "--config", CONFIG, RUNNER.pathname];
}

/** Every living process that has a world's directory in its environment. */
function processesOf({ directory }: AppWorld): number[] {
  const table = hostProcessTable();
  return table.all().filter((info) => !isDead(info) && info.pid !== Deno.pid).map(({ pid }) => pid).filter(
    (pid) => {
      try {
        const environ = readFileSync(`/proc/${pid}/environ`, "utf8");
        return environ.includes(directory) && environ.includes("HAFT_APP_ID=");
      } catch {
        return false;
      }
    },
  );
}

async function withWorld(toml: string, fn: (world: AppWorld) => Promise<void>): Promise<void> {
  const world = makeWorld();
  writeApps(world, toml);
  try {
    await fn(world);
  } finally {
    removeWorld(world);
  }
}

async function withNext(world: AppWorld, fn: (harness: AppHarness) => Promise<void>): Promise<void> {
  const harness = new AppHarness(world);
  await harness.service.begin();
  try {
    await fn(harness);
  } finally {
    await harness.service.close({ keepApps: false });
  }
}

Deno.test("after kill -9 the next service adopts its apps, and goes on with logs, restarts and stops", () =>
  withWorld(
    `[apps.web]
command = ["sh", "-c", "i=0; while :; do echo line $i; i=$((i+1)); sleep 0.02; done"]
restart = "always"
backoff = { initial = "1ms" }
`,
    async (world) => {
      const { pids: [pid = 0] } = await superviseAndDie(world);
      assert(isAlive(pid));
      await withNext(world, async (h) => {
        assertEquals(h.types(), ["app.process_started", "running"]);
        assertEquals(h.events.find(({ type }) => type === "app.process_started")?.data["adopted"], true);
        assertEquals(h.pid("web"), pid);
        // What was written while nobody looked comes, too, and each line once.
        await h.event(() => h.lines().length >= 20);
        const numbers = h.lines().map((line) => Number(line.slice(5)));
        assertEquals(numbers, numbers.map((_, index) => (numbers[0] ?? 0) + index));
        Deno.kill(pid, "SIGKILL");
        const exited = await h.event(({ type }) => type === "app.process_exited");
        assertEquals([exited.data["exit_code"], exited.data["signal"]], [null, null]);
        const again = await h.event(({ type, data }) =>
          type === "app.process_started" && data["adopted"] === false
        );
        assert(again.data["pid"] !== pid);
        await h.service.stop({ root: world.root });
        assertEquals(processesOf(world), []);
      });
    },
  ));

Deno.test("kill -9 again and again: nothing orphaned, nothing doubled, all adopted", () =>
  withWorld(
    Array.from({ length: 5 }, (_, i) => `[apps.app${i}]\ncommand = ["sh", "-c", "sleep 1000 & sleep 1000"]\n`)
      .join(""),
    async (world) => {
      const first = await superviseAndDie(world);
      for (let round = 0; round < 4; round++) {
        const next = await superviseAndDie(world);
        assertEquals(next.pids.sort(), first.pids.sort());
        assertEquals(next.outcomes.every(({ error }) => error === null), true);
      }
      // Each is a shell and its two children.
      assertEquals(processesOf(world).length, 15);
      await withNext(world, async (h) => {
        await h.service.stop({ root: world.root });
        assertEquals(processesOf(world), []);
      });
    },
  ));

Deno.test("a supervisor killed while it starts apps leaves none that the next one does not know", () =>
  withWorld(
    Array.from({ length: 8 }, (_, i) => `[apps.app${i}]\ncommand = ["sleep", "1000"]\n`).join(""),
    async (world) => {
      for (let round = 0; round < 4; round++) {
        const child = new Deno.Command(Deno.execPath(), {
          args: [...denoRunner().slice(1), world.directory],
          stdin: "null",
          stdout: "null",
        }).spawn();
        // As soon as the first app is there, wherever it is with the others.
        await until(() => processesOf(world).length, "a process is there", { intervalMs: 1 });
        child.kill("SIGKILL");
        await child.status;
        await withNext(world, async (h) => {
          await h.service.start({ root: world.root });
          assertEquals(processesOf(world).length, 8);
          const pids = h.service.status({ root: world.root }).apps.map(({ instances }) => instances[0]?.pid);
          assertEquals(processesOf(world).sort(), pids.map(Number).sort());
          await h.service.stop({ root: world.root });
          assertEquals(processesOf(world), []);
        });
      }
    },
  ));

Deno.test("a supervisor killed while it rotates leaves nothing stopped, and the files have every line once", () =>
  withWorld(
    `[apps.web]
command = ["sh", "-c", "i=0; while :; do i=$((i+1)); echo $i; [ $((i % 200)) = 0 ] && sleep 0.005; done"]
log = { max_size = "2KiB", keep = 1000 }
`,
    async (world) => {
      for (let round = 0; round < 8; round++) {
        const [file = "", ...args] = denoRunner();
        const child = new Deno.Command(file, {
          args: [...args, world.directory],
          stdin: "null",
          stdout: "piped",
        })
          .spawn();
        await firstLine(child);
        // Somewhere in one of the rotations, of which there are a hundred a second.
        await new Promise((resolve) => setTimeout(resolve, 60 + round * 7));
        child.kill("SIGKILL");
        await child.status;
      }
      await withNext(world, async (h) => {
        const from = h.events.length;
        await h.event(({ type }) => type === "app.log_line", { from });
        const [app] = h.service.status({ root: world.root }).apps;
        await h.service.stop({ root: world.root });
        const path = app?.instances[0]?.stdout_log ?? "";
        const files = logFamily(path).filter((one) => existsSync(one)).slice(1).reverse();
        const numbers = [...files, path].map((one) => readFileSync(one, "utf8")).join("").trim().split("\n")
          .map(Number);
        const gap = numbers.findIndex((number, index) => number !== index + 1);
        // The last line may have been cut by the stop.
        assert(gap === -1 || gap >= numbers.length - 1, `after ${gap}: ${numbers.slice(gap - 2, gap + 3)}`);
        // How many rotations there were depends on the machine; without any, nothing was tried.
        assert(files.length > 0);
      });
    },
  ));

Deno.test("a pid that belongs to another process by now is neither adopted nor signalled", () =>
  withWorld(`[apps.web]\ncommand = "sleep 1000"\nrestart = "no"\n`, async (world) => {
    const { pids: [pid = 0] } = await superviseAndDie(world);
    const stranger = new Deno.Command("sleep", { args: ["1000"] }).spawn();
    try {
      Deno.kill(pid, "SIGKILL");
      const directory = join(world.directory, "home", "state", "apps");
      const path = join(directory, readdirSync(directory).find((name) => name.endsWith(".json")) ?? "");
      const record = JSON.parse(readFileSync(path, "utf8"));
      record.instances[0].process.pid = stranger.pid;
      writeFileSync(path, JSON.stringify(record));
      await withNext(world, async (h) => {
        assertEquals(h.service.list({ root: world.root }).apps[0]?.state, "crashed");
        await h.service.stop({ root: world.root });
        assert(isAlive(stranger.pid));
      });
    } finally {
      stranger.kill("SIGKILL");
      await stranger.status;
    }
  }));

Deno.test("an app that ended while nobody looked follows its policy; after a boot it is started again", async (t) => {
  const rows: [policy: string, bootId: string | undefined, state: string][] = [
    ["no", undefined, "crashed"],
    ["on-failure", undefined, "running"],
    ["no", "another boot", "running"],
  ];
  for (const [policy, bootId, state] of rows) {
    await t.step(
      `restart = ${policy}, ${bootId ?? "the same boot"}`,
      () =>
        withWorld(
          `[apps.web]\ncommand = "sleep 1000"\nrestart = "${policy}"\nbackoff = { initial = "1ms" }\n`,
          async (world) => {
            const { pids: [pid = 0] } = await superviseAndDie(world);
            Deno.kill(pid, "SIGKILL");
            if (bootId !== undefined) {
              const directory = join(world.directory, "home", "state", "apps");
              const path = join(
                directory,
                readdirSync(directory).find((name) => name.endsWith(".json")) ?? "",
              );
              const record = JSON.parse(readFileSync(path, "utf8"));
              record.instances[0].process.bootId = bootId;
              writeFileSync(path, JSON.stringify(record));
            }
            await until(() => !isAlive(pid), `${pid} has ended`);
            await withNext(world, async (h) => {
              await h.state(state);
              assertEquals(h.service.list({ root: world.root }).apps[0]?.state, state);
            });
          },
        ),
    );
  }
});

Deno.test("an app that was stopped stays so; closing with keepApps leaves the others running", () =>
  withWorld(`[apps]\na = "sleep 1000"\nb = "sleep 1000"\n`, async (world) => {
    const first = new AppHarness(world);
    await first.service.begin();
    await first.service.start({ root: world.root });
    await first.service.stop({ root: world.root, names: ["b"] });
    const pid = first.pid("a");
    await first.service.close({ keepApps: true });
    assert(isAlive(pid));
    await withNext(world, (h) => {
      assertEquals(h.service.list({ root: world.root }).apps.map(({ name, state }) => [name, state]), [
        ["a", "running"],
        ["b", "stopped"],
      ]);
      assertEquals(h.pid("a"), pid);
      return Promise.resolve();
    });
    assert(!isAlive(pid));
    // An orderly end stops what ran, and the next service does not start it by itself.
    await withNext(world, (h) => {
      assertEquals(h.service.list({ root: world.root }).apps.map(({ state }) => state), [
        "stopped",
        "stopped",
      ]);
      return Promise.resolve();
    });
  }));

Deno.test("a journal that is damaged is put aside, and the others are adopted", () =>
  withWorld(`[apps]\na = "sleep 1000"\n`, async (world) => {
    const { pids } = await superviseAndDie(world);
    writeFileSync(join(world.directory, "home", "state", "apps", "bad.json"), "{");
    await withNext(world, (h) => {
      assertEquals(h.pid("a"), pids[0]);
      assert(
        readdirSync(join(world.directory, "home", "state", "apps")).some((name) =>
          name.startsWith("bad.json.damaged-")
        ),
      );
      return Promise.resolve();
    });
  }));

Deno.test({
  name:
    "a supervisor under Bun adopts what one under Deno started, and the other way round; Bun stops trees, too",
  ignore: skipBun,
  fn: () =>
    withWorld(`[apps.web]\ncommand = ["sh", "-c", "setsid sleep 1000 & sleep 1000"]\n`, async (world) => {
      const bun = findBun();
      assert(bun !== undefined);
      const file = await bundle(RUNNER, world.directory);
      const first = await superviseAndDie(world);
      const second = await superviseAndDie(world, [bun, file]);
      assertEquals(second.pids, first.pids);
      assertEquals((await superviseAndDie(world)).pids, first.pids);
      const last = new Deno.Command(bun, {
        args: [file, world.directory, "close"],
        stdin: "null",
        stdout: "piped",
      }).spawn();
      const { code, stdout } = await last.output();
      const [, end] = new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
      assertEquals([code, end.problems], [0, []]);
      assertEquals(end.types.slice(-4).sort(), [
        "app.process_exited",
        "app.processes_left",
        "stopped",
        "stopping",
      ]);
      assertEquals(processesOf(world), []);
    }),
});
