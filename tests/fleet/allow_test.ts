/** `haft fleet allow`, and hosts of another version. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { headers } from "@nats-io/transport-node";
import { jetstream } from "@nats-io/jetstream";
import { FleetChannel } from "../../src/fleet/fleet_channel.ts";
import { Presence } from "../../src/fleet/presence.ts";
import { SIGNATURE_HEADER } from "../../src/fleet/signed_request.ts";
import { taskSubject } from "../../src/fleet/subjects.ts";
import { encode, newFleetTaskId, signTask } from "../../src/fleet/tasks/task_message.ts";
import { PROTOCOL_RANGE } from "../../src/protocol/protocol_range.ts";
import { FleetWorld } from "./fleet_world.ts";
import { noServer } from "./nats_server.ts";

const options = { ignore: noServer, sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "fleet allow lists, grants and takes back, and counts at once; another version's words are refused, and said",
  options,
  async () => {
    await using fleet = await FleetWorld.create();
    const { first } = fleet;
    const beta = await fleet.join("beta");
    const key = String((await first.status())["key"]);
    const { project } = beta.sandbox;
    beta.sandbox.manifest('[apps.web]\ncommand = ["sleep", "1000"]\n[tasks.t]\nrun = "true"\n');
    const ask = () => first.run("--host", `beta:${project}`, "app", "list");
    assertEquals(await beta.good("fleet", "allow"), "Nothing is allowed to anyone\n");
    assertEquals((await ask()).code, 4);
    await beta.good("fleet", "allow", key, "--methods", "app.*,task.*", "--name", "alice");
    assertEquals((await ask()).stdout, "web\n");
    assertEquals(JSON.parse(await beta.good("fleet", "allow", "--json")), [
      { key, name: "alice", methods: ["app.*", "task.*"], projects: [project], commands: false },
    ]);
    const again = await beta.run("fleet", "allow", key, "--methods", "task.*", "--projects", "*");
    assertStringIncludes(again.stderr, `takes the place of app.*, task.* for ${project}`);
    assertEquals((await ask()).code, 4);
    // Each grant is a table, below which a person writes the next one.
    const config = join(beta.sandbox.haftHome, "config", "config.toml");
    appendFileSync(config, `\n[fleet.allow.U${"A".repeat(55)}]\nname = "bob"\nmethods = ["app.list"]\n`);
    assertEquals(
      JSON.parse(await beta.good("fleet", "allow", "--json")).map(({ name }: { name: string }) => name),
      ["alice", "bob"],
    );
    await beta.good("fleet", "allow", "--remove", "bob");
    for (
      const words of [["web1", "--methods", "*"], [key], [key, "--methods", "App"], [
        key,
        "--methods",
        "app.sttus",
      ], [
        key,
        key,
        "--methods",
        "*",
      ]]
    ) {
      assertEquals((await beta.run("fleet", "allow", ...words)).code, 2, words.join(" "));
    }
    const unknown = await beta.run("fleet", "allow", "--remove", "bob");
    assertStringIncludes(unknown.stderr, 'Nothing is allowed to "bob"');

    // A host of the version before, and one of a protocol that is no more.
    const gamma = await fleet.invite("gamma");
    const old = await fleet.machine("old");
    await old.good("fleet", "join", gamma);
    await using connection = await first.nats();
    const presence = await Presence.open(connection.nats, "fleet");
    const [record] = (await presence.list()).map((seen) => seen.record).filter(({ host }) =>
      host === "gamma"
    );
    await old.good("daemon", "stop");
    await using as = await old.nats();
    if (record !== undefined) {
      await (await Presence.open(as.nats, "fleet")).announce({
        ...record,
        version: "0.0.9",
        started_at: Date.now(),
      });
    }
    assertStringIncludes(await first.good("fleet", "ls"), "another version than here");
    for (
      const [protocol, ok] of [[[PROTOCOL_RANGE[0], PROTOCOL_RANGE[0]], true], [[98, 99], false]] as const
    ) {
      const channel = new FleetChannel(connection, { fleet: "fleet", host: "beta" });
      const answer = await channel.request("hello", { client: "old", protocol }, { timeoutMs: 10_000 })
        .then(() => true, () => false);
      assertEquals(answer, ok, String(protocol));
      await channel.close();
    }
    // A task with a word that this version does not know does not run, and its sender hears why.
    const id = newFleetTaskId();
    const sender = connection.credentials.key;
    const subject = taskSubject("fleet", { pool: "host-beta", sender: sender.publicKey, id });
    const text = encode({
      id,
      request: { cwd: project, name: "t", of_tomorrow: true },
      created_at: Date.now(),
    });
    const header = headers();
    header.set(SIGNATURE_HEADER, signTask(sender, subject, text));
    await jetstream(connection.nats).publish(subject, text, { headers: header });
    let waited = await first.run("task", "wait", id);
    while (waited.stderr.includes("There is no task")) waited = await first.run("task", "wait", id);
    assertEquals(waited.code, 4);
    assertStringIncludes(
      await first.good("task", "status", id),
      "not one that this version of haft understands",
    );

    await beta.good("fleet", "allow", "--remove", key);
    assertStringIncludes((await ask()).stderr, "allows nothing to the key");
    assertEquals(beta.settings.creds, join(beta.sandbox.haftHome, "config", "fleet", "fleet.creds"));
  },
);
