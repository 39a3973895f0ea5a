/** Commands for another host: what its user grants, and nothing else. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { documented } from "../e2e/support.ts";
import { allow, SharedFleet } from "./fleet_world.ts";
import { noServer } from "./nats_server.ts";

const shared = new SharedFleet();
const options = { ignore: noServer, sanitizeOps: false, sanitizeResources: false };

const MANIFEST = `[apps.web]
command = ["sleep", "1000"]
[tasks.build]
run = "echo built; exit 7"
[tasks.mark]
run = "touch ran"
`;

Deno.test(
  "a host runs for others what its user has granted and trusts, with the exact exit code",
  options,
  async () => {
    await using fleet = await shared.borrow();
    const { first } = fleet;
    const beta = await fleet.join("beta", "--label", "role=build");
    beta.sandbox.manifest(MANIFEST);
    const { project } = beta.sandbox;
    const there = `beta:${project}`;

    // Nothing is allowed at first.
    const denied = await first.run("--host", there, "app", "status");
    assertEquals(denied.code, 4);
    assertStringIncludes(denied.stderr, 'Host "beta" allows nothing to the key');

    await allow(beta, first, `methods = ["app.*", "task.*"]\nprojects = [${JSON.stringify(project)}]`);
    const [web] = JSON.parse(await first.good("--host", there, "app", "status", "--json"));
    assertEquals([web.name, web.state, web.root], ["web", "stopped", project]);

    // Granted, but not trusted there: it does not run.
    const untrusted = await first.run("--host", there, "task", "start", "mark");
    assertEquals([untrusted.code, existsSync(join(project, "ran"))], [1, false]);
    assertStringIncludes(untrusted.stderr, "is not trusted");

    await beta.good("trust");
    await first.good("app", "start", "web", "--host", there);
    const [running] = JSON.parse(await beta.good("app", "status", "--json"));
    assertEquals(running.state, "running");
    const id = (await first.good("--host", there, "task", "start", "build")).trim();
    assertEquals((await first.run("--host", "beta", "task", "wait", id)).code, 7);
    assertEquals(await first.good("--host", "beta", "task", "logs", id), "built\n");

    for (const words of [["task", "start", "--", "touch", "ran"], ["task", "start", "build", "--", "x"]]) {
      const { code, stderr } = await first.run("--host", there, ...words);
      assertEquals(code, 4, stderr);
      assertStringIncludes(stderr, "commands = true");
    }
    assertEquals((await first.run("--host", `beta:${first.sandbox.project}`, "app", "status")).code, 4);
    assertEquals((await first.run("--host", "beta", "daemon", "status")).code, 4);
    assertEquals(existsSync(join(project, "ran")), false);
  },
);

Deno.test(
  "--host for several: answers by host, silent ones named, exit code of the worst; events follow",
  options,
  async () => {
    await using fleet = await shared.borrow();
    const { first } = fleet;
    const beta = await fleet.join("beta", "--label", "role=build");
    beta.sandbox.manifest(MANIFEST);
    await beta.good("trust");
    await allow(beta, first, 'methods = ["*"]\nprojects = ["*"]');
    const { project } = beta.sandbox;

    const some = await first.run("--host", `beta,gamma:${project}`, "app", "list");
    assertEquals([some.code, some.stdout], [3, "beta | web\n"]);
    assertStringIncludes(some.stderr, 'gamma | error: Host "gamma" does not answer');
    assertStringIncludes(some.stderr, "1 of 2 hosts succeeded; no answer from gamma\n");
    const none = await first.run("--host", "role=none", "app", "list");
    assertEquals(none.code, 3);
    const local = await first.run("--host", "role=build", "check");
    assertEquals(local.code, 2);

    const events = first.sandbox.run(documented, {
      args: ["--host", "role=build", "ipc-send", "--subscribe", "user.*", "--count", "1", "--for", "60s"],
    });
    const published = setInterval(
      () => void beta.run("ipc-send", "events.publish", "type=user.done"),
      2_000,
    );
    const { stdout } = await events;
    clearInterval(published);
    const { host, data } = JSON.parse(stdout);
    assertEquals([host, data.event], ["beta", "user.done"]);

    // A request that is larger than a message of the server's goes in pieces, up to what the daemon takes.
    const large = join(first.sandbox.root, "large.json");
    for (const [size, code] of [[1_046_000, 0], [1_100_000, 3]] as const) {
      writeFileSync(large, JSON.stringify({ type: "user.large", data: "x".repeat(size) }));
      const sent = await first.run("--host", "beta", "ipc-send", "events.publish", `@${large}`);
      assertEquals(sent.code, code, sent.stderr);
      if (code !== 0) assertStringIncludes(sent.stderr, "larger than the daemon takes");
    }
  },
);

Deno.test(
  "a host that is gone ends the command that waits for it, and the others' answers stay",
  options,
  async () => {
    await using fleet = await shared.borrow();
    const { first } = fleet;
    const beta = await fleet.join("beta");
    beta.sandbox.manifest('[tasks.long]\nrun = "sleep 1000"\n');
    await beta.good("trust");
    await allow(beta, first, 'methods = ["*"]\nprojects = ["*"]');
    const id = (await first.good("--host", `beta:${beta.sandbox.project}`, "task", "start", "long")).trim();
    const { pid } = JSON.parse(await beta.good("ipc-send", "daemon.status"));
    const waiting = first.run("--host", "beta", "task", "wait", id);
    while ((await beta.status())["sessions"] !== 1);
    process.kill(pid, "SIGKILL");
    const { code, stderr } = await waiting;
    assertEquals(code, 3, stderr);
    assertMatch(stderr, /host "beta" (ended|does not answer)/i);
    // Its task went on without the daemon; the next one looks after it.
    await beta.good("task", "cancel", id);
  },
);
