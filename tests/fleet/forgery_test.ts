/** What a member that lies, or whose key was stolen, cannot make the others believe. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { delay } from "@std/async/delay";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { headers } from "@nats-io/transport-node";
import { signRecord } from "../../src/fleet/signed_record.ts";
import {
  appsStream,
  appSubject,
  directStream,
  hostPool,
  hostsBucket,
  jobsStream,
  jobSubject,
} from "../../src/fleet/subjects.ts";
import { encode, type FinalStep } from "../../src/fleet/tasks/task_message.ts";
import { until } from "../support/until.ts";
import { allow, type Machine, SharedFleet } from "./fleet_world.ts";
import { noServer } from "./nats_server.ts";

const shared = new SharedFleet("--app-limit", "4s");
const options = { ignore: noServer, sanitizeOps: false, sanitizeResources: false };

const END: FinalStep = {
  state: "completed",
  reason: null,
  error: null,
  exit_code: 0,
  result: null,
  attempt: 1,
  local_id: "000000000001",
  time: 1,
};

/** Says a step of a task in its own name, signed by its own key. */
async function say(liar: Machine, id: string, step: string, value: unknown): Promise<void> {
  await using connection = await liar.nats();
  const { key } = connection.credentials;
  const subject = jobSubject({ fleet: "fleet", host: liar.name }, id, step);
  const text = encode(value);
  await jetstream(connection.nats).publish(subject, text, signRecord(key, subject, text));
}

Deno.test(
  "the end of a task counts from the host that has it alone; one said by another member is ignored",
  options,
  async () => {
    await using fleet = await shared.borrow();
    const { first } = fleet;
    const beta = await fleet.join("beta");
    const liar = await fleet.join("liar");
    beta.sandbox.manifest('[tasks.t]\nrun = "echo > begun; while [ ! -e go ]; do sleep 0.1; done; exit 7"\n');
    await beta.good("trust");
    const { project } = beta.sandbox;
    await allow(beta, first, 'methods = ["task.*"]\nprojects = ["*"]');
    for (const on of ["beta", "*"]) {
      const id = (await first.good("task", "start", "t", "--on", `${on}:${project}`)).trim();
      await until(() => existsSync(join(project, "begun")), "it has begun");
      const waiting = first.run("task", "wait", id);
      await say(liar, id, "final", END);
      // Nor with a pool that it makes up, and not by an end without a run.
      await say(liar, id, "queued", { pool: hostPool("liar"), name: "t", sender: "x", time: 1 });
      if (on === "beta") {
        await say(liar, id, "started", { attempt: 2, time: 1 });
        await say(liar, id, "final", { ...END, attempt: 2 });
        await say(liar, id, "final", { ...END, state: "aborted", reason: "lost", local_id: null });
      }
      const seen = JSON.parse(await first.good("task", "status", id, "--json"));
      assertEquals([seen.state, seen.host, seen.pool], ["running", "beta", on === "*" ? "any" : "host-beta"]);
      writeFileSync(join(project, "go"), "");
      const { code, stdout, stderr } = await waiting;
      assertEquals(code, 7, stdout + stderr);
      for (const name of ["go", "begun"]) Deno.removeSync(join(project, name));
    }
    // A task for a host that is not there has no end but its sender's.
    const id = (await first.good("task", "start", "t", "--on", `nosuchhost:${project}`)).trim();
    await say(liar, id, "started", { attempt: 1, time: 1 });
    await say(liar, id, "final", END);
    assertEquals(JSON.parse(await first.good("task", "status", id, "--json")).state, "queued");
    assertStringIncludes(await first.good("task", "cancel", id), "  cancelled");
  },
);

Deno.test(
  "another host's own tasks cannot be taken, and a step without its host's signature is none",
  options,
  async () => {
    await using fleet = await shared.borrow();
    const { first } = fleet;
    const victim = await fleet.join("victim");
    const liar = await fleet.join("thief");
    await using connection = await liar.nats();
    const refused: string[] = [];
    void (async () => {
      for await (
        const { type, error } of connection.nats.status() as AsyncIterable<{ type: string; error?: Error }>
      ) {
        if (type === "error") refused.push(String(error));
      }
    })();
    const stream = directStream("fleet");
    const pool = hostPool("victim");
    const taking = [
      `$JS.API.CONSUMER.MSG.NEXT.${stream}.${pool}`,
      `$JS.API.CONSUMER.CREATE.${stream}.${hostPool("thief")}.haft-direct.fleet.victim.*.*`,
      `$JS.API.CONSUMER.CREATE.${stream}.${pool}.haft-direct.fleet.victim.*.*`,
      `$JS.API.CONSUMER.CREATE.${stream}`,
      `$JS.ACK.${stream}.${pool}.1.1.1.1.0`,
      "$KV.haft-fleet-members.victim",
    ];
    for (const subject of taking) connection.nats.publish(subject, "+TERM");
    await connection.nats.flush();
    await until(() => refused, "all are refused", { passes: ({ length }) => length >= taking.length });
    assert(refused.every((line) => /permissions violation/i.test(line)), refused.join("\n"));

    // Its records and the list of who is there stay its own: nothing rolls them up.
    const header = headers();
    header.set("Nats-Rollup", "all");
    let rolled = "";
    const record = `$KV.${hostsBucket("fleet")}.thief`;
    await jetstream(connection.nats).publish(record, "{}", { headers: header }).catch((error) =>
      rolled = String(error)
    );
    assertStringIncludes(rolled, "rollup");

    // The server can be made to write an answer of its own below a victim's subject: it is no record.
    const id = (await first.good("task", "start", "t", "--on", `victim:${victim.sandbox.project}`)).trim();
    const asked = `$JS.API.STREAM.INFO.${jobsStream("fleet")}`;
    connection.nats.publish(asked, "", {
      reply: jobSubject({ fleet: "fleet", host: "victim" }, id, "final"),
    });
    await connection.nats.flush();
    const { code } = await first.run("task", "wait", id);
    assertEquals(code, 4, "it is refused by the victim, which grants nothing");
  },
);

Deno.test(
  "a lease in a member's name ends with the fleet's limit, and an app that no host takes blocks no name",
  options,
  async () => {
    await using fleet = await shared.borrow();
    const { first } = fleet;
    const beta = await fleet.join("host1");
    const liar = await fleet.join("squatter");
    const { project } = beta.sandbox;
    const manifest = `[apps.web]\ncommand = "sleep 1000"\nhosts = "host1:${project}"\n`;
    beta.sandbox.manifest(manifest);
    await beta.good("trust");
    await allow(beta, first, 'methods = ["app.*"]\nprojects = ["*"]');
    for (const machine of [first, liar]) machine.sandbox.manifest(manifest);
    // It is granted nothing, and so has only said that it wants the app.
    assertEquals((await liar.run("app", "start", "web")).code, 1);
    await first.good("app", "start", "web");

    await using connection = await liar.nats();
    const manager = await jetstreamManager(connection.nats, { checkAPI: false });
    const held = await manager.streams.getMessage(appsStream("fleet"), {
      last_by_subj: appSubject("fleet", { who: "host1", kind: "lease", id: "*" }),
    });
    const id = held?.subject.split(".").at(-1) ?? "";
    const lie = { instance: "evil", term: 2 ** 53 - 1, limit_ms: 1e15, free: false };
    const stream = jetstream(connection.nats);
    const pid = async () => JSON.parse(await beta.good("app", "status", "web", "--json"))[0].instances[0].pid;
    for (const term of [lie.term, 5]) {
      const before = await pid();
      for (const [kind, name] of [["lease", id], ["lead", "controller"]] as const) {
        const subject = appSubject("fleet", { who: "squatter", kind, id: name });
        await stream.publish(subject, encode({ ...lie, term }));
      }
      if (term === 5) await until(pid, "it has another pid", { passes: (now) => now !== before });
    }
    // It runs again as soon as the lease was silent for the fleet's limit.
    await until(pid, "it runs");
    // So does a record that the server was made to write there.
    const subject = appSubject("fleet", { who: "host1", kind: "lease", id });
    connection.nats.publish(`$JS.API.STREAM.INFO.${appsStream("fleet")}`, "", { reply: subject });
    await connection.nats.flush();
    const { last_seq: after } = (await manager.streams.info(appsStream("fleet"))).state;
    for (;;) {
      const last = await manager.streams.getMessage(appsStream("fleet"), { last_by_subj: subject });
      if (last !== null && last.seq > after && last.string().includes('"instance"')) break;
      await delay(100);
    }
    assert(await pid() !== null);

    // A key that was removed from the fleet wants nothing any more: its app ends, and another can have the
    // name.
    await first.good("app", "stop", "web");
    const former = await fleet.join("former");
    former.sandbox.manifest(manifest);
    await allow(beta, former, 'methods = ["app.*"]\nprojects = ["*"]');
    await former.good("app", "start", "web");
    await allow(beta, first, 'methods = ["app.*"]\nprojects = ["*"]');
    await first.good("fleet", "remove-host", "former");
    await until(pid, "it has ended", { passes: (now) => now === null });
    await first.good("app", "start", "web");
    assert(await pid() !== null);
  },
);
