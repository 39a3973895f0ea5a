/** Health checks, dependencies, limits, watched files and schedules, with real processes. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { isAlive, withApps, writeApps } from "../../support/app_harness.ts";

const FAST = `interval = "20ms", timeout = "2s", retries = 2`;

Deno.test("up() starts apps in the order of their dependencies, each when its condition is met", () =>
  withApps(
    async (h) => {
      const { outcomes } = await h.service.up({ root: h.root });
      assertEquals(outcomes.map(({ name, error }) => [name, error]), [["db", null], ["migrate", null], [
        "web",
        null,
      ]]);
      const started = h.events.filter(({ type }) => type === "app.process_started").map(({ subject }) =>
        subject
      );
      assertEquals(started.at(-1), "web");
      const at = (subject: string, state: string) =>
        h.events.findIndex((e) => e.subject === subject && e.data["state"] === state);
      assert(
        at("db", "healthy") <
          h.events.findIndex((e) => e.subject === "web" && e.type === "app.process_started"),
      );
      assert(
        at("migrate", "stopped") <
          h.events.findIndex((e) => e.subject === "web" && e.type === "app.process_started"),
      );
      const states = h.service.list({ root: h.root }).apps.map(({ name, state }) => `${name} ${state}`);
      assertEquals(states, ["web running", "db healthy", "migrate stopped", "later stopped"]);
      await h.service.stop({ root: h.root });
      const exits = h.events.filter(({ type, data }) =>
        type === "app.process_exited" && data["signal"] !== null
      ).map(({ subject }) => subject);
      assertEquals(exits, ["web", "db"]);
    },
    `
[apps.web]
command = "sleep 1000"
depends_on = { db = "healthy", migrate = "completed" }
[apps.db]
command = ["sh", "-c", "sleep 0.1; echo ready for 5; sleep 1000"]
health = { log_line = "^ready for \\\\d$" }
[apps.migrate]
command = "sleep 0.05"
[apps.later]
command = "sleep 1000"
autostart = false
`,
  ));

Deno.test("an app whose dependency crashes for good is crashed, too, with the reason", () =>
  withApps(
    async (h) => {
      const { outcomes } = await h.service.start({ root: h.root, names: ["web"] });
      const web = outcomes.find(({ name }) => name === "web");
      assertStringIncludes(
        web?.error ?? "",
        'It depends on "db", which is crashed (exited with code 1) and not healthy',
      );
      assertEquals(
        h.events.filter(({ type, subject }) => type === "app.process_started" && subject === "web"),
        [],
      );
    },
    `[apps.web]
command = "sleep 1000"
depends_on = { db = "healthy" }
[apps.db]
command = ["sh", "-c", "sleep 0.05; exit 1"]
restart = "no"
health = { log_line = "never" }
`,
  ));

Deno.test("stop() while an app waits for its dependency ends the wait", () =>
  withApps(
    async (h) => {
      const starting = h.service.start({ root: h.root });
      await h.event(({ type, subject }) => type === "app.process_started" && subject === "db");
      assertStringIncludes(
        h.service.status({ root: h.root, names: ["web"] }).apps[0]?.instances[0]?.reason ?? "",
        "waits for db (healthy)",
      );
      await h.service.stop({ root: h.root });
      await starting;
      assertEquals(h.service.list({ root: h.root }).apps.map(({ state }) => state), ["stopped", "stopped"]);
    },
    `[apps.web]\ncommand = "sleep 1000"\ndepends_on = { db = "healthy" }\n[apps.db]\ncommand = "sleep 1000"\nhealth = { log_line = "never", start_period = "1h" }\n`,
  ));

Deno.test("a check by a command: healthy, unhealthy after its retries, healthy again", () =>
  withApps(async (h) => {
    writeFileSync(join(h.root, "ok"), "");
    await h.service.up({ root: h.root });
    assertEquals(h.service.list({ root: h.root }).apps[0]?.state, "healthy");
    rmSync(join(h.root, "ok"));
    const unhealthy = await h.state("unhealthy");
    assertEquals(unhealthy.data["reason"], "test -e ok exited with code 1");
    assertEquals(
      h.events.filter(({ type }) => type === "app.health_check_failed").slice(0, 2).map(({ data }) =>
        data["failures"]
      ),
      [1, 2],
    );
    const from = h.events.length;
    writeFileSync(join(h.root, "ok"), "");
    await h.state("healthy", { from });
  }, `[apps.web]\ncommand = "sleep 1000"\nhealth = { exec = "test -e ok", ${FAST} }\n`));

Deno.test("checks by http and tcp pass and fail with the reason", async () => {
  let status = 200;
  const server = createServer((_, response) => response.writeHead(status).end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.2", resolve));
  const { port } = server.address() as AddressInfo;
  await withApps(
    async (h) => {
      await h.service.up({ root: h.root });
      assertEquals(h.service.list({ root: h.root }).apps.map(({ state }) => state), ["healthy", "healthy"]);
      status = 500;
      const unhealthy = await h.state("unhealthy");
      assertEquals([unhealthy.subject, unhealthy.data["reason"]], [
        "web",
        `http://127.0.0.2:${port}/ok answered 500`,
      ]);
      const from = h.events.length;
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
      const refused = await h.event(
        ({ subject, data }) => subject === "tcp" && data["state"] === "unhealthy",
        { from },
      );
      assertStringIncludes(String(refused.data["reason"]), "ECONNREFUSED");
    },
    `[apps.web]\ncommand = "sleep 1000"\nhealth = { http = "http://127.0.0.2:${port}/ok", ${FAST} }
[apps.tcp]\ncommand = "sleep 1000"\nhealth = { tcp = "127.0.0.2:${port}", ${FAST} }\n`,
  );
});

Deno.test("action = restart starts an unhealthy app anew, and a check that hangs is killed", () =>
  withApps(
    async (h) => {
      await h.service.start({ root: h.root });
      const first = h.pid("web");
      const from = h.events.length;
      const again = await h.event(({ type }) => type === "app.process_started", { from });
      assert(again.data["pid"] !== first);
      assert(!isAlive(first));
      assertStringIncludes(
        String(h.events.find(({ data }) => data["state"] === "stopping")?.data["reason"]),
        "unhealthy: sleep 1000 did not end in 30 ms",
      );
    },
    `[apps.web]\ncommand = "sleep 1000"\nhealth = { exec = "sleep 1000", interval = "10ms", timeout = "30ms", retries = 1, action = "restart" }\n`,
  ));

Deno.test("an app that uses more memory than its limit is reported and restarted", () =>
  withApps(async (h) => {
    await h.service.start({ root: h.root });
    const first = h.pid("web");
    const report = await h.event(({ type }) => type === "app.resource_limit_exceeded");
    assertEquals([report.data["resource"], report.data["limit"], report.data["action"]], [
      "memory",
      1000,
      "restart",
    ]);
    await h.event(({ type, data }) => type === "app.process_started" && data["pid"] !== first);
    assertEquals(h.service.status({ root: h.root }).apps[0]?.instances[0]?.restarts, 1);
  }, `[apps.web]\ncommand = "sleep 1000"\nlimits = { memory = "1kb" }\n`));

Deno.test("an app that uses more of the processor than its limit for a while is reported; restarted only if that is asked for", () =>
  withApps(
    async (h) => {
      await h.service.start({ root: h.root });
      const of = (name: string) =>
        h.event(({ type, data }) => type === "app.resource_limit_exceeded" && data["app"] === name);
      const [told, restarted] = await Promise.all([of("told"), of("restarted")]);
      assertEquals([told, restarted].map(({ data }) => [data["resource"], data["limit"], data["action"]]), [
        ["cpu", 5, "report"],
        ["cpu", 5, "restart"],
      ]);
      await h.event(({ type, data }) => type === "app.process_started" && data["app"] === "restarted", {
        from: h.events.indexOf(restarted),
      });
      const apps = h.service.status({ root: h.root }).apps;
      assertEquals(apps.map(({ name, instances }) => [name, instances[0]?.restarts]), [["told", 0], [
        "restarted",
        1,
      ]]);
    },
    `[apps.told]
command = ["sh", "-c", "while :; do :; done"]
limits = { cpu_percent = 5 }

[apps.restarted]
command = ["sh", "-c", "while :; do :; done"]
limits = { cpu_percent = 5, cpu_action = "restart" }
`,
  ));

Deno.test("a changed file that is watched restarts the app; others do not", () =>
  withApps(async (h) => {
    writeFileSync(join(h.root, "a.ts"), "1");
    writeFileSync(join(h.root, "b.txt"), "1");
    await h.service.start({ root: h.root });
    const first = h.pid("web");
    writeFileSync(join(h.root, "b.txt"), "2");
    writeFileSync(join(h.root, "a.ts"), "2");
    const stopping = await h.state("stopping");
    assertEquals(stopping.data["reason"], '"a.ts" changed');
    await h.event(({ type, data }) => type === "app.process_started" && data["pid"] !== first);
  }, `[apps.web]\ncommand = "sleep 1000"\nwatch = ["*.ts"]\n`));

Deno.test("a scheduled app is started at its time, and up() does not start it before", () =>
  withApps(async (h) => {
    await h.service.up({ root: h.root });
    assertEquals(h.types(), []);
    assertEquals(h.service.isBusy, true);
    await h.line("tick");
    await h.service.stop({ root: h.root });
    assertEquals(h.service.isBusy, false);
    writeApps(h.world, `[apps.job]\ncommand = "true"\nschedule = "every day"\n`);
    const error = await h.service.up({ root: h.root }).catch((reason) => reason);
    assertStringIncludes(String(error), 'key "apps.job.schedule" is no schedule: "every day"');
  }, `[apps.job]\ncommand = "echo tick"\nschedule = "* * * * * *"\n`));
