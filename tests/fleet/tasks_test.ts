/** Tasks in the fleet's queue: one host takes each, once; a host that dies hands it on; there is one end. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { delay } from "@std/async/delay";
import { headers } from "@nats-io/transport-node";
import { jetstream } from "@nats-io/jetstream";
import { SIGNATURE_HEADER } from "../../src/fleet/signed_request.ts";
import { jobSubject, taskSubject } from "../../src/fleet/subjects.ts";
import { encode, newFleetTaskId, signTask } from "../../src/fleet/tasks/task_message.ts";
import { allow, FleetWorld, type Machine } from "./fleet_world.ts";
import { noServer } from "./nats_server.ts";

const options = { ignore: noServer, sanitizeOps: false, sanitizeResources: false };
const ALL = 'methods = ["task.*"]\nprojects = ["*"]';

async function status(machine: Machine, id: string) {
  return JSON.parse(await machine.good("task", "status", id, "--json"));
}

/** A host that takes the sender's tasks of this manifest. */
async function worker(
  fleet: FleetWorld,
  name: string,
  { label, manifest, project }: { label: string; manifest: string; project?: string },
): Promise<Machine> {
  const machine = await fleet.join(name, "--label", label);
  machine.sandbox.manifest(manifest);
  await machine.good("trust");
  await allow(machine, fleet.first, project ?? ALL);
  return machine;
}

Deno.test(
  "task start --on: one host with the label takes it by its user's grant and trust; wait from anywhere, exact code",
  options,
  async () => {
    await using fleet = await FleetWorld.create();
    const { first } = fleet;
    const manifest = '[tasks.build]\nrun = "echo $HAFT_FLEET_TASK $HAFT_FLEET_ATTEMPT >> ran; exit 7"\n';
    const beta = await worker(fleet, "beta", { label: "role=build", manifest });
    const { project } = beta.sandbox;
    const gamma = await fleet.join("gamma");
    const id = (await first.good("task", "start", "build", "--on", `role=build:${project}`)).trim();
    assertEquals((await gamma.run("task", "wait", id)).code, 7);
    const task = await status(gamma, id);
    assertEquals(
      [task.state, task.reason, task.exit_code, task.host, task.attempt, task.attempts.length],
      ["aborted", "failed", 7, "beta", 1, 1],
    );
    assertEquals(readFileSync(join(project, "ran"), "utf8"), `${id} 1\n`);
    assertEquals((await beta.run("task", "wait", task.local_id)).code, 7);

    // What the host's user does not allow, or does not trust, ends as refused, and does not run.
    appendFileSync(join(project, "haft.toml"), '[tasks.more]\nrun = "touch more"\n');
    const refusals: [Machine, string[], string][] = [
      [first, ["more"], "is not trusted"],
      [first, ["build", "--", "x"], 'does not let this key send "args"'],
      [gamma, ["build"], "allows nothing to the key"],
    ];
    for (const [sender, words, why] of refusals) {
      const [name = "", ...rest] = words;
      const refused = (await sender.good("task", "start", name, "--on", `beta:${project}`, ...rest)).trim();
      const { code, stdout } = await first.run("task", "wait", refused, "--json");
      assertEquals([code, JSON.parse(stdout)[0].reason], [4, "refused"], stdout);
      const { refused: [one] } = await status(first, refused);
      assertEquals(one.host, "beta");
      assertStringIncludes(one.reason, why);
    }
    assertEquals(existsSync(join(project, "more")), false);

    // --all: one run on each of the hosts.
    const both = (await first.good("task", "start", "build", "--on", `*:${project}`, "--all")).trim().split(
      "\n",
    );
    assertEquals(both.length, 3);
    const usage = await first.run("task", "start", "build", "--on", "role=build,zone=a");
    assertEquals(usage.code, 2);
    assertEquals((await first.run("task", "wait", "fleet-000000000000")).code, 4);
  },
);

Deno.test(
  "a host that dies during a task: another takes it, with the next attempt; its late end counts for nothing",
  options,
  async () => {
    await using fleet = await FleetWorld.create("--task-limit", "2s");
    const { first } = fleet;
    const manifest = (name: string, run: string) => `[tasks.t]\nrun = ${JSON.stringify(run)} # ${name}\n`;
    const beta = await worker(fleet, "beta", {
      label: "role=build",
      manifest: manifest("beta", 'echo $$ > "$HOME/pid"; exec sleep 1000'),
    });
    const { project } = beta.sandbox;
    const id = (await first.good("task", "start", "t", "--on", `role=build:${project}`)).trim();
    const pidFile = join(beta.sandbox.root, "home", "pid");
    while (!existsSync(pidFile)) await delay(50);
    const waiting = first.run("task", "wait", id);
    // Another host of the label, where the project has the same path; there it ends at once.
    const gamma = await fleet.join("gamma", "--label", "role=build");
    await allow(gamma, first, ALL);
    const { pid } = JSON.parse(await beta.good("ipc-send", "daemon.status"));
    process.kill(pid, "SIGKILL");
    process.kill(Number(readFileSync(pidFile, "utf8")), "SIGKILL");
    writeFileSync(join(project, "haft.toml"), manifest("gamma", "exit 3"));
    await gamma.good("trust", project);
    const { code, stderr } = await waiting;
    assertEquals(code, 3, stderr);
    const task = await status(first, id);
    assertEquals(
      task.attempts.map((one: { host: string; attempt: number }) => [one.host, one.attempt]),
      [["beta", 1], ["gamma", 2]],
    );
    assertEquals([task.host, task.attempt], ["gamma", 2]);

    // An end that is said once more, by another host or in another words, is refused by the server.
    await using connection = await beta.nats();
    let refused = false;
    await jetstream(connection.nats).publish(
      jobSubject({ fleet: "fleet", host: "beta" }, id, "final"),
      "{}",
      {
        expect: {
          lastSubjectSequence: 0,
          lastSubjectSequenceSubject: jobSubject({ fleet: "fleet", host: "*" }, id, "final"),
        },
      },
    ).catch(() => refused = true);
    assert(refused);
  },
);

Deno.test(
  "a host that the queue does not hear stops its task before another gets it, and tasks wait for a server that is gone",
  options,
  async () => {
    await using fleet = await FleetWorld.create("--task-limit", "2s");
    const { first } = fleet;
    const manifest =
      "[tasks.t]\nrun = \"echo begun >> ran; trap 'echo stopped >> ran; exit 1' TERM; sleep 5 & wait\"\n";
    const beta = await worker(fleet, "beta", { label: "role=build", manifest });
    const { project } = beta.sandbox;
    const ran = () => existsSync(join(project, "ran")) ? readFileSync(join(project, "ran"), "utf8") : "";
    const id = (await first.good("task", "start", "t", "--on", `role=build:${project}`)).trim();
    while (ran() === "") await delay(50);
    const server = await fleet.serverPid();
    process.kill(server, "SIGSTOP");
    while (!ran().includes("stopped")) await delay(50);
    process.kill(server, "SIGCONT");
    assertEquals((await first.run("task", "wait", id)).code, 0);
    assertEquals(ran(), "begun\nstopped\nbegun\n");
    assertEquals((await status(first, id)).attempt, 2);
  },
);

Deno.test(
  "as many tasks at a time as the host has cores; each of fifty runs once; a forged one does not run",
  options,
  async () => {
    await using fleet = await FleetWorld.create();
    const { first } = fleet;
    const manifest = '[tasks.t]\nrun = "echo $HAFT_FLEET_TASK >> ran"\n';
    const beta = await worker(fleet, "beta", { label: "role=build", manifest });
    const { project } = beta.sandbox;
    const names = Array.from({ length: 50 }, () => "t");
    const ids = (await first.good("task", "start", ...names, "--on", `role=build:${project}`)).trim().split(
      "\n",
    );
    await first.good("task", "wait", ...ids);
    assertEquals(readFileSync(join(project, "ran"), "utf8").trim().split("\n").toSorted(), ids.toSorted());

    // Signed by gamma's key under its own subject, but with a text that was changed on its way.
    const gamma = await fleet.join("gamma");
    await using connection = await gamma.nats();
    const { key } = connection.credentials;
    const id = newFleetTaskId();
    const subject = taskSubject("fleet", { pool: "host-beta", sender: key.publicKey, id });
    const text = { id, request: { cwd: project, name: "t" }, created_at: Date.now() };
    const header = headers();
    header.set(SIGNATURE_HEADER, signTask(key, subject, encode({ ...text, created_at: 1 })));
    await jetstream(connection.nats).publish(subject, encode(text), { headers: header });
    // Not in another's name at all.
    const other = taskSubject("fleet", {
      pool: "host-beta",
      sender: String((await first.status())["key"]),
      id,
    });
    let refused = "";
    await jetstream(connection.nats).publish(other, encode(text), { timeout: 2_000 }).catch((error) => {
      refused = String(error);
    });
    assertStringIncludes(refused, "ermission");
    const log = join(beta.sandbox.haftHome, "state", "daemon.log");
    while (!readFileSync(log, "utf8").includes("did not sign")) await delay(50);
    assertEquals(readFileSync(join(project, "ran"), "utf8").includes(id), false);
  },
);
