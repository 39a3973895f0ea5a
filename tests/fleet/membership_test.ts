/** Joining a fleet, seeing who is there, and what the server lets nobody do. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { hostsBucket, objectStream, outputsBucket } from "../../src/fleet/subjects.ts";
import { until } from "../support/until.ts";
import { SharedFleet } from "./fleet_world.ts";
import { noServer } from "./nats_server.ts";

const shared = new SharedFleet();
const options = { ignore: noServer, sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "fleet up, add-host, join and ls: two machines see each other, and keys are their users' alone",
  options,
  async () => {
    await using fleet = await shared.borrow();
    const beta = await fleet.join("beta", "--label", "role=build,zone=a");
    const hosts = JSON.parse(await beta.good("fleet", "ls", "--json"));
    assertEquals(
      hosts.map(({ host, labels }: Record<string, unknown>) => ({ host, labels })),
      [{ host: "alpha", labels: {} }, { host: "beta", labels: { role: "build", zone: "a" } }],
    );
    assert(hosts.every((host: { last_seen: number }) => host.last_seen > 0));
    for (const path of [beta.settings.creds, await fleet.invite("gamma")]) {
      assertEquals(statSync(path).mode & 0o777, 0o600);
    }
    const server = join(fleet.first.sandbox.haftHome, "config", "fleet-server");
    assertEquals(statSync(join(server, "admin.seed")).mode & 0o777, 0o600);
    await beta.good("fleet", "leave");
    assertEquals(existsSync(join(beta.sandbox.haftHome, "config", "fleet", "fleet.creds")), false);
    assertEquals((await beta.status())["state"], "off");
    assertEquals(JSON.parse(await fleet.first.good("fleet", "ls", "--json")).length, 1);
    // The server's own machine leaves; it is not removed as if it were lost.
    const own = await fleet.first.run("fleet", "remove-host", "alpha");
    assertEquals(own.code, 1);
    assertStringIncludes(own.stderr, 'run "haft fleet leave"');
  },
);

Deno.test("grants outlast a membership, and a key that is another host's is told", options, async () => {
  await using fleet = await shared.borrow();
  const { first } = fleet;
  const delta = await fleet.machine("delta");
  const invitation = await fleet.invite("delta");
  await delta.good("fleet", "join", invitation);
  const { key } = await first.status();
  await delta.good(
    "fleet",
    "allow",
    String(key),
    "--name",
    "ann",
    "--methods",
    "app.*",
    "--projects",
    "/srv",
  );
  const left = await delta.run("fleet", "leave");
  assertStringIncludes(left.stderr, "1 grant of [fleet.allow]");
  await delta.good("fleet", "join", invitation);
  assertEquals(delta.settings.allow[String(key)]?.name, "ann");
  const other = await delta.good("fleet", "allow", "--json");
  assertStringIncludes(other, '"ann"');
  await delta.good("fleet", "leave");

  // The server lets that key be delta alone.
  const { seed, ca, servers } = JSON.parse(readFileSync(invitation, "utf8"));
  const [creds, authority] = [join(delta.sandbox.root, "delta.creds"), join(delta.sandbox.root, "ca.pem")];
  writeFileSync(creds, `${seed}\n`, { mode: 0o600 });
  writeFileSync(authority, ca);
  const joining = ["fleet", "join", ...servers, "--name", "epsilon", "--creds", creds];
  const { stderr } = await delta.run(...joining, "--ca", authority);
  assertStringIncludes(stderr, 'does not let this key be host "epsilon"');
});

Deno.test(
  "a second machine with one host's key is refused and told, and takes over when the first leaves",
  options,
  async () => {
    await using fleet = await shared.borrow();
    const beta = await fleet.join("beta");
    const twin = await fleet.machine("twin");
    const { name, servers, ca } = beta.settings;
    const { code, stderr } = await twin.run(
      ...["fleet", "join", ...servers, "--name", "beta", "--creds", beta.settings.creds],
      ...["--ca", ca ?? "", "--fleet", name],
    );
    assertEquals(code, 4, stderr);
    assertStringIncludes(stderr, 'Another machine is "beta" in this fleet');
    assertEquals((await beta.status())["state"], "connected");
    await beta.good("fleet", "leave");
    await twin.until("connected");
  },
);

Deno.test("the server lets a host neither announce, ask nor listen in another's name", options, async () => {
  await using fleet = await shared.borrow();
  const beta = await fleet.join("beta");
  const { key } = await fleet.first.status();
  await using connection = await beta.nats();
  const { nats } = connection;
  const refused: string[] = [];
  void (async () => {
    for await (const status of nats.status()) {
      if (status.type === "error") refused.push(status.error.message);
    }
  })();
  const forged = [
    `$KV.${hostsBucket("fleet")}.alpha`,
    `haft.fleet.alpha.req.${key}.daemon.status`,
    `haft.fleet.reply.${key}.alpha.00000000000000000000000000000000`,
    "$JS.API.STREAM.DELETE.KV_haft-fleet-hosts",
  ];
  for (const subject of forged) nats.publish(subject, "x");
  // The answer would be an event of alpha's, written by the server.
  const stream = objectStream(outputsBucket("fleet"));
  nats.publish(`$JS.API.DIRECT.GET.${stream}.x`, "", { reply: "haft.fleet.alpha.event.app.forged" });
  for (const subject of ["haft.fleet.alpha.req.>", `haft.fleet.reply.${key}.>`, ">"]) {
    nats.subscribe(subject, { callback: () => {} });
  }
  await nats.flush();
  await until(() => refused, "all are refused", { passes: ({ length }) => length >= forged.length + 4 });
  assert(refused.every((line) => /permissions violation/i.test(line)), refused.join("\n"));
});

Deno.test(
  "a key that the server does not know, one that others can read, and one that was removed",
  options,
  async () => {
    await using fleet = await shared.borrow();
    const beta = await fleet.join("doomed");
    const stranger = await fleet.machine("stranger");
    const { servers, ca = "" } = beta.settings;
    const creds = join(stranger.sandbox.root, "own.creds");
    writeFileSync(creds, "SUAKJK4AJZ525U3ZRSWCTDLPGHV3AMRVIEAINLQSPGL5O34H3FZ34F55MQ\n", { mode: 0o600 });
    const unknown = await stranger.run(
      "fleet",
      "join",
      ...servers,
      "--name",
      "gamma",
      "--creds",
      creds,
      "--ca",
      ca,
    );
    assertEquals(unknown.code, 3, unknown.stderr);
    assertStringIncludes(unknown.stderr, "does not know this host's key");
    await stranger.good("fleet", "leave");
    chmodSync(creds, 0o644);
    const open = await stranger.run(
      "fleet",
      "join",
      ...servers,
      "--name",
      "gamma",
      "--creds",
      creds,
      "--ca",
      ca,
    );
    assertMatch(open.stderr, /can be read by others\n {2}Run "chmod 600 /);
    await fleet.first.good("fleet", "remove-host", "doomed");
    const { error } = await beta.until("failed");
    assertMatch(String(error), /does not know this host's key|ended the connection/);
  },
);

Deno.test(
  "the server gone: local work goes on, and the host is back by itself when the server is",
  options,
  async () => {
    await using fleet = await shared.borrow();
    const beta = await fleet.join("beta");
    process.kill(await fleet.serverPid(), "SIGSTOP");
    const pid = await fleet.serverPid();
    process.kill(pid, "SIGKILL");
    assertEquals(JSON.parse(await beta.good("ipc-send", "daemon.ping")).cached_runtimes, 0);
    await fleet.untilServerAnswers();
    await beta.until("connected");
    await until(async () => JSON.parse(await beta.good("fleet", "ls", "--json")), "two hosts are listed", {
      passes: ({ length }) => length >= 2,
    });
  },
);

Deno.test(
  "a project cannot put the machine into a fleet, and haft check says where it tries",
  options,
  async () => {
    await using fleet = await shared.borrow();
    const beta = await fleet.machine("beta");
    const invitation = JSON.parse(readFileSync(await fleet.invite("beta"), "utf8"));
    beta.sandbox.manifest(`[fleet]\nname = "fleet"\nhost = "beta"\nservers = ["${invitation.servers[0]}"]\n`);
    const { code, stdout, stderr } = await beta.run("check");
    assertEquals(code, 1, stdout + stderr);
    assertStringIncludes(stdout + stderr, 'key "fleet"');
    assertStringIncludes(stdout + stderr, "config.toml");
    assertEquals((await beta.status())["state"], "off");
  },
);
