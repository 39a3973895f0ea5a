/** Apps with real processes: start, stop, crash, restart, and what cannot be started. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HaftError } from "../../../src/base/errors.ts";
import { isAlive, withApps, writeApps } from "../../support/app_harness.ts";

Deno.test("start() runs an app with its environment, and stop() leaves nothing of its tree", () =>
  withApps(
    async (h) => {
      const { outcomes, apps } = await h.service.start({ root: h.root });
      assertEquals(outcomes, [{ name: "web/ü", root: h.root, error: null }]);
      assertEquals([apps[0]?.state, apps[0]?.desired, apps[0]?.command[0]], ["running", "running", "sh"]);
      await h.line("hello 8080 from web/ü 0");
      const child = Number(
        String((await h.event(({ data }) => /^child/.test(`${data["line"]}`))).data["line"]).slice(6),
      );
      assert(isAlive(child));
      assertEquals(h.service.isBusy, true);
      await h.service.stop({ root: h.root });
      assert(!isAlive(child));
      assertEquals(h.types(), [
        "starting",
        "app.process_started",
        "running",
        "stopping",
        "app.process_exited",
        "stopped",
      ]);
      assertEquals(h.service.isBusy, false);
      assertEquals(
        h.events.every(({ subject, data }) => subject === "web/ü" && data["root"] === h.root),
        true,
      );
      const [stopped] = h.service.status({ root: h.root }).apps;
      assertEquals([stopped?.state, stopped?.desired, stopped?.instances[0]?.exit_signal], [
        "stopped",
        "stopped",
        "SIGTERM",
      ]);
      assertEquals(h.problems, []);
    },
    `[apps."web/ü"]
command = ["sh", "-c", "echo hello $PORT from $HAFT_APP_NAME $HAFT_APP_INSTANCE; sleep 1000 & echo child $!; wait"]
env = { PORT = 8080 }
`,
  ));

Deno.test("an app that ignores SIGTERM is killed after its stop_timeout, and not before", () =>
  withApps(
    async (h) => {
      await h.service.start({ root: h.root });
      await h.line("up");
      await h.service.stop({ root: h.root });
      assert(h.lines().includes("ignored"));
      const exited = await h.event(({ type }) => type === "app.process_exited");
      assertEquals(exited.data["signal"], "SIGKILL");
    },
    `[apps.stubborn]\ncommand = ["sh", "-c", "trap 'echo ignored' TERM; echo up; while :; do sleep 0.05; done"]\nstop_timeout = "300ms"\n`,
  ));

Deno.test("a stop_signal of its own lets an app end by itself", () =>
  withApps(
    async (h) => {
      await h.service.start({ root: h.root });
      await h.line("up");
      await h.service.stop({ root: h.root });
      const exited = await h.event(({ type }) => type === "app.process_exited");
      assertEquals([exited.data["exit_code"], exited.data["signal"]], [7, null]);
      assertEquals(h.types().at(-1), "stopped");
    },
    `[apps.gentle]\ncommand = ["sh", "-c", "trap 'exit 7' USR1; echo up; while :; do sleep 0.05; done"]\nstop_signal = "SIGUSR1"\n`,
  ));

Deno.test("what left the process group is found by its mark, stopped too, and reported", () =>
  withApps(
    async (h) => {
      await h.service.start({ root: h.root });
      const line = await h.event(({ data }) => /^left \d+$/.test(`${data["line"]}`));
      const stray = Number(String(line.data["line"]).slice(5));
      assert(isAlive(stray));
      await h.service.stop({ root: h.root });
      assert(!isAlive(stray));
      const report = await h.event(({ type }) => type === "app.processes_left");
      assert((report.data["pids"] as number[]).includes(stray));
    },
    `[apps.forks]\ncommand = ["sh", "-c", "setsid sh -c 'trap \\"\\" TERM; echo left $$; while :; do sleep 0.05; done' & sleep 1000"]\nstop_timeout = "5s"\n`,
  ));

Deno.test("an app that forks and exits has ended; what it left is stopped before it counts as stopped", () =>
  withApps(
    async (h) => {
      await h.service.start({ root: h.root });
      await h.state("stopped");
      const pids = h.lines().map(Number);
      assertEquals(pids.length, 2);
      assertEquals(pids.map(isAlive), [false, false]);
      assert(h.types().includes("stopping"));
    },
    `[apps.daemon]\ncommand = ["sh", "-c", "sleep 1000 & echo $!; setsid sleep 1000 & echo $!; exit 0"]\nstop_timeout = "2s"\n`,
  ));

Deno.test("an app that exits at once is restarted with growing pauses, and exhausted in the end", () =>
  withApps(async (h) => {
    await h.service.start({ root: h.root });
    await h.state("exhausted");
    const restarts = h.events.filter(({ type }) => type === "app.process_restarting").map(({ data }) => data);
    assertEquals(restarts.map(({ attempt, delay_ms }) => [attempt, delay_ms]), [[1, 10], [2, 20], [3, 40]]);
    assertEquals(h.events.filter(({ type }) => type === "app.process_started").length, 4);
    assertEquals(h.events.filter(({ type }) => type === "app.process_crashed").length, 4);
    const [app] = h.service.status({ root: h.root }).apps;
    assertEquals([app?.state, app?.instances[0]?.restarts, app?.instances[0]?.exit_code], [
      "exhausted",
      3,
      1,
    ]);
    const from = h.events.length;
    await h.service.start({ root: h.root });
    await h.state("exhausted", { from });
  }, `[apps.fails]\ncommand = "false"\nbackoff = { initial = "10ms", jitter = 0, max_attempts = 3 }\n`));

Deno.test("exhausted = remove forgets the app", () =>
  withApps(async (h) => {
    await h.service.start({
      root: h.root,
      names: ["extra"],
      config: { command: "false", backoff: { max_attempts: 0, exhausted: "remove" } },
    });
    await h.event(({ data }) => data["state"] === "removed");
    assertEquals(h.service.list({}).apps, []);
  }));

Deno.test("a clean exit ends an app with restart = on-failure, and restarts one with always", () =>
  withApps(
    async (h) => {
      await h.service.start({ root: h.root });
      await h.event(({ type, subject }) => type === "app.process_restarting" && subject === "again");
      const once = h.service.status({ root: h.root, names: ["once"] }).apps[0];
      assertEquals([once?.state, once?.instances[0]?.exit_code], ["stopped", 0]);
      await h.service.stop({ root: h.root });
      const from = h.events.length;
      assertEquals(h.service.status({ root: h.root, names: ["again"] }).apps[0]?.state, "stopped");
      assertEquals(h.events.slice(from), []);
    },
    `[apps.once]\ncommand = "true"\n[apps.again]\ncommand = "true"\nrestart = "always"\nbackoff = { initial = "20ms" }\n`,
  ));

Deno.test("what cannot be executed is crashed, with the path and the reason", async (t) => {
  const rows: [name: string, command: string, expected: RegExp][] = [
    ["no such path", "./missing", /Cannot run ".*\/project\/missing": ENOENT/],
    [
      "not on PATH",
      "no-such-program-here",
      /Cannot run "no-such-program-here": ENOENT, it is in no directory of its PATH/,
    ],
    ["not executable", "./plain.txt", /Cannot run ".*\/plain\.txt": EACCES, it is not executable/],
    ["a directory", "./.", /Cannot run ".*": EACCES, it is a directory/],
    ["no interpreter", "./script", /Cannot run ".*\/script": ENOENT/],
  ];
  for (const [name, command, expected] of rows) {
    await t.step(name, () =>
      withApps(async (h) => {
        writeFileSync(join(h.root, "plain.txt"), "text");
        writeFileSync(join(h.root, "script"), "#!/no/such/interpreter\n");
        chmodSync(join(h.root, "script"), 0o755);
        const { outcomes, apps } = await h.service.start({ root: h.root });
        assert(expected.test(outcomes[0]?.error ?? ""), outcomes[0]?.error ?? "no error");
        assertEquals(apps[0]?.state, "crashed");
        assertEquals(h.types(), ["starting", "app.process_crashed", "crashed"]);
      }, `[apps.web]\ncommand = "${command}"\n`));
  }
  await t.step("no working directory", () =>
    withApps(async (h) => {
      const { outcomes } = await h.service.start({ root: h.root });
      assertStringIncludes(outcomes[0]?.error ?? "", "ENOENT, it does not exist");
    }, `[apps.web]\ncommand = "true"\ncwd = "nowhere"\n`));
});

Deno.test("an untrusted manifest starts nothing, and is read all the same", () =>
  withApps(async (h) => {
    writeApps(h.world, `[apps.web]\ncommand = ["touch", "ran"]\n`, { trusted: false });
    const error = await assertRejects(
      () => h.service.start({ root: h.root }),
      HaftError,
      "is not trusted since it changed, and its [apps] can run code",
    );
    assertStringIncludes(error.next ?? "", "haft trust");
    await assertRejects(() => h.service.up({ root: h.root }), HaftError, "is not trusted");
    assertEquals(h.service.status({ root: h.root }).apps.map(({ name, state }) => [name, state]), [[
      "web",
      "stopped",
    ]]);
    assertEquals(existsSync(join(h.root, "ran")), false);
  }));

Deno.test("a manifest that changed since it was trusted does not restart what crashed", () =>
  withApps(async (h) => {
    await h.service.start({ root: h.root });
    writeApps(h.world, `[apps.web]\ncommand = ["touch", "ran"]\n`, { trusted: false });
    Deno.kill(h.pid("web"), "SIGKILL");
    const crashed = await h.state("crashed");
    assertStringIncludes(String(crashed.data["reason"]), "is not trusted");
    assertEquals(existsSync(join(h.root, "ran")), false);
  }, `[apps.web]\ncommand = "sleep 1000"\nbackoff = { initial = "1ms" }\n`));

Deno.test("a changed manifest is told as pending, and taken up by restart with what changed", () =>
  withApps(async (h) => {
    await h.service.start({ root: h.root });
    const before = h.pid("web");
    writeApps(h.world, `[apps.web]\ncommand = "sleep 1001"\nenv = { A = "2", B = "3" }\nenv_file = ".env"\n`);
    writeFileSync(join(h.root, ".env"), "C='from file'\nA=file\n");
    assertEquals(h.service.status({ root: h.root }).apps[0]?.pending, [
      "command",
      "env.A",
      "env.B",
      "env_file",
    ]);
    const { apps } = await h.service.restart({ root: h.root });
    assertEquals(apps[0]?.changed, ["command", "env.A", "env.B", "env.C", "env_file"]);
    assertEquals(apps[0]?.pending, []);
    const environ = readFileSync(`/proc/${h.pid("web")}/environ`, "utf8").split("\0");
    assertEquals(["A=2", "B=3", "C=from file"].filter((one) => environ.includes(one)).length, 3);
    assert(h.pid("web") !== before);
    assert(!isAlive(before));
  }, `[apps.web]\ncommand = "sleep 1000"\nenv = { A = "1" }\n`));

Deno.test("instances have logs and numbers of their own, and their number follows the manifest", () =>
  withApps(async (h) => {
    const { apps } = await h.service.start({ root: h.root });
    assertEquals(apps[0]?.instances.length, 3);
    for (const number of [0, 1, 2]) await h.line(`I am ${number}`);
    assertEquals(new Set(apps[0]?.instances.map(({ stdout_log: log }) => log)).size, 3);
    const third = h.pid("web", 2);
    writeApps(h.world, `[apps.web]\ncommand = ["sh", "-c", "echo I am $HAFT_APP_INSTANCE; sleep 1000"]\n`);
    await h.service.restart({ root: h.root });
    assertEquals(h.service.status({ root: h.root }).apps[0]?.instances.length, 1);
    await h.event(({ type, data }) => type === "app.process_exited" && data["pid"] === third);
  }, `[apps.web]\ncommand = ["sh", "-c", "echo I am $HAFT_APP_INSTANCE; sleep 1000"]\ninstances = 3\n`));

Deno.test("delete() stops and forgets an app, with its logs when asked", () =>
  withApps(async (h) => {
    const { apps } = await h.service.start({
      root: h.root,
      names: ["extra"],
      config: { command: "sleep 1000" },
    });
    const log = apps[0]?.instances[0]?.stdout_log ?? "";
    const pid = h.pid("extra");
    assertEquals([apps[0]?.adhoc, existsSync(log)], [true, true]);
    await h.service.delete({ root: h.root, names: ["extra"], logs: true });
    assertEquals([isAlive(pid), existsSync(log), h.service.list({}).apps.length], [false, false, 0]);
    await assertRejects(() => h.service.stop({ names: ["extra"] }), HaftError, 'App "extra" not found');
  }));

Deno.test("save() and restore() bring back what ran; an empty list does not replace one", () =>
  withApps(async (h) => {
    await h.service.start({ root: h.root, names: ["a"] });
    assertEquals(h.service.save().apps, [{ root: h.root, name: "a" }]);
    await h.service.stop({ root: h.root });
    await assertRejects(() => Promise.resolve().then(() => h.service.save()), HaftError, "No app is wanted");
    const { outcomes } = await h.service.restore();
    assertEquals(outcomes, [{ root: h.root, name: "a", error: null }]);
    assertEquals(h.service.list({ root: h.root }).apps.map(({ name, state }) => [name, state]), [[
      "a",
      "running",
    ], ["b", "stopped"]]);
  }, `[apps]\na = "sleep 1000"\nb = "sleep 1000"\n`));

Deno.test("stop() while it starts, and start() while it stops, end as was asked last", () =>
  withApps(async (h) => {
    const starting = h.service.start({ root: h.root });
    const stopping = h.service.stop({ root: h.root });
    await Promise.all([starting, stopping]);
    assertEquals(h.service.list({ root: h.root }).apps[0]?.state, "stopped");
    await h.service.start({ root: h.root });
    const pid = h.pid("web");
    const stop = h.service.stop({ root: h.root });
    await h.service.start({ root: h.root });
    assertEquals(h.service.list({ root: h.root }).apps[0]?.state, "running");
    assert(!isAlive(pid));
    await stop;
  }, `[apps.web]\ncommand = "sleep 1000"\n`));
